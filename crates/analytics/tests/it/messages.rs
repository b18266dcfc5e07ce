//! A query that cannot be answered gets one line that says what is wrong and where.

use crate::world::World;
use analytics::AnalyticsError;

/// What a query is refused with, after the words that all refusals share.
const REFUSALS: &[(&str, &str)] = &[
    ("SELEC 1", "expected: an SQL statement, found: SELEC (line 1, column 1)"),
    ("", "no SQL statements were provided in the query string"),
    ("SELECT 1; SELECT 2", "the context currently only supports a single SQL statement"),
    ("SELECT *\nFROM contacts\nWHERE", "expected: an expression, found: EOF"),
    (
        "SELECT channel\nFROM contacts\nWHERE chanel = 'x'",
        "no field named chanel. Did you mean 'contacts.channel'? (line 3, column 7)",
    ),
    ("SELECT channel FROM contact", "table 'contact' not found (line 1, column 21)"),
    (
        "SELECT nosuch(channel) FROM contacts",
        "invalid function 'nosuch'. Did you mean 'cosh'? (line 1, column 8)",
    ),
    (
        "SELECT channel + dumb FROM contacts",
        "cannot coerce arithmetic expression Utf8 + Boolean to valid types (line 1, column 8)",
    ),
    ("SELECT CAST('x' AS INT)", "cast error: Cannot cast string 'x' to value of Int32 type"),
    ("DROP TABLE contacts", "DropTable is refused; allowed are SELECT, EXPLAIN, SHOW and DESCRIBE"),
    ("COPY contacts TO 'x.csv'", "COPY is refused; allowed are SELECT, EXPLAIN, SHOW and DESCRIBE"),
    ("SET a = 1", "SetVariable is refused; allowed are SELECT, EXPLAIN, SHOW and DESCRIBE"),
];

#[test]
fn mistakes_are_named_with_their_place() {
    let world = World::new();
    let session = world.session(&world.publish(1, None).cut);
    let mut found = Vec::new();
    for (query, _) in REFUSALS {
        let answer = session.sql(query).and_then(|rows| rows.collect::<Result<Vec<_>, _>>());
        match answer {
            Err(error @ AnalyticsError::Query { .. }) => found.push((*query, error.to_string())),
            other => found.push((*query, format!("{other:?}"))),
        }
    }
    let expected: Vec<(&str, String)> =
        REFUSALS.iter().map(|(query, why)| (*query, format!("cannot answer this query: {why}"))).collect();
    assert_eq!(found, expected, "{found:#?}");
}
