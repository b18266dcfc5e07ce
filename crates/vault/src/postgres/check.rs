//! Are the tables sound, and what do they hold? Counts, and what the server says of its own pages.

use super::failure::Failure;
use super::session::Session;
use crate::Integrity;
use tokio_postgres::Client;

/// Reads every row of every table, so that a page that does not fit its checksum is met.
const COUNTS: [&str; 5] = [
    "SELECT count(DISTINCT customer) FROM lookups",
    "SELECT count(bytes) FROM data_keys",
    "SELECT count(*) - count(bytes) FROM data_keys",
    "SELECT count(*) - count(customer) FROM lookups",
    "SELECT count(*) FROM lookups LEFT JOIN data_keys ON key_id = customer
     WHERE customer IS NOT NULL AND bytes IS NULL",
];

/// What no table of ours holds, each with how it is said.
const WRONG: [(&str, &str); 3] = [
    (
        "SELECT count(*) FROM lookups WHERE octet_length(tag) <> 32 OR octet_length(customer) <> 16",
        "lookups whose values have another length",
    ),
    (
        "SELECT count(*) FROM data_keys WHERE octet_length(key_id) <> 16 OR octet_length(bytes) <> 32",
        "keys whose values have another length",
    ),
    ("SELECT abs(count(*) - 1) FROM generation", "rows in `generation` beside the one, or none"),
];

/// Damaged pages and indexes.
const DAMAGE: &str = "XX";

/// Of one state of the tables: the locks come before the snapshot, and keep others from writing a part anew.
pub(super) fn inspect(session: &Session) -> Result<Integrity, Failure> {
    session.slowly(async |client| {
        client
            .batch_execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_hashjoin = on;
                 LOCK TABLE lookups, data_keys IN ACCESS SHARE MODE",
            )
            .await?;
        let checked = counts(client).await;
        client.batch_execute("ROLLBACK").await?;
        match checked {
            Err(Failure::Refused { code, message }) if code.starts_with(DAMAGE) => Ok(damaged(message)),
            other => other,
        }
    })
}

async fn counts(client: &Client) -> Result<Integrity, Failure> {
    let mut problems = indexes(client).await?;
    for (sql, what) in WRONG {
        let found = count(client, sql).await?;
        problems.extend((found > 0).then(|| format!("{found} {what}")));
    }
    let [customers, keys, keys_destroyed, suppressions, customers_without_key] = COUNTS;
    Ok(Integrity {
        problems,
        customers: count(client, customers).await?,
        keys: count(client, keys).await?,
        keys_destroyed: count(client, keys_destroyed).await?,
        suppressions: count(client, suppressions).await?,
        customers_without_key: count(client, customers_without_key).await?,
    })
}

/// Rows that an index does not lead to: each row is looked for by the index and counted.
async fn indexes(client: &Client) -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for (table, key) in [("lookups", "tag"), ("data_keys", "key_id")] {
        let all = format!("SELECT count(*) FROM {table}");
        client.batch_execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off").await?;
        let rows = count(client, &all).await?;
        client.batch_execute("SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = on; SET LOCAL enable_seqscan = off").await?;
        let indexed = count(
            client,
            &format!("SELECT count(*) FROM (SELECT {key} FROM {table} ORDER BY {key}) AS sorted"),
        )
        .await?;
        client.batch_execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on").await?;
        problems.extend((rows != indexed).then(|| format!("{rows} rows in {table}, {indexed} by its index")));
    }
    Ok(problems)
}

async fn count(client: &Client, sql: &str) -> Result<u64, Failure> {
    Ok(client.query_one(sql, &[]).await?.get::<_, i64>(0).unsigned_abs())
}

fn damaged(message: String) -> Integrity {
    Integrity {
        problems: vec![message],
        customers: 0,
        keys: 0,
        keys_destroyed: 0,
        suppressions: 0,
        customers_without_key: 0,
    }
}
