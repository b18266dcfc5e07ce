//! A query that cannot be answered gets one line that says what is wrong and where.

use crate::world::World;
use analytics::{AnalyticsError, Session};

fn check(session: &Session, query: &str, expected: &str) {
    let answer = session.sql(query).and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
    let error = answer.expect_err(query);
    assert!(matches!(error, AnalyticsError::Query { .. }), "{query}: {error:?}");
    let said = error.to_string();
    assert!(said.starts_with("cannot answer this query: ") && !said.contains('\n'), "{query}: {said}");
    assert!(said.contains(expected), "{query}: {said}");
}

#[test]
fn mistakes_are_named_with_their_place() {
    let world = World::new();
    let session = world.session(&world.publish(1, None).cut);
    check(&session, "SELEC 1", "SELEC at line 1, column 1");
    check(&session, "", "");
    check(&session, "SELECT 1; SELECT 2", "");
    check(&session, "SELECT *\nFROM contacts\nWHERE", "");
    check(&session, "SELECT chanel FROM contacts", "chanel");
    check(&session, "SELECT channel FROM contact", "contact");
    check(&session, "SELECT nosuch(channel) FROM contacts", "nosuch");
    check(&session, "SELECT channel, count(*) FROM contacts", "channel");
    check(&session, "SELECT channel + 1 FROM contacts", "");
    check(&session, "SELECT CAST('x' AS INT)", "");
    check(&session, "DROP TABLE contacts", "");
    check(&session, "COPY contacts TO 'x.csv'", "");
    check(&session, "SET a = 1", "");
}
