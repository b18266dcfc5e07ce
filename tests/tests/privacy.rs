//! P9: after an import of texts with planted canaries, no plaintext of a text or an identifier lies anywhere but
//! in the vault; after an erasure not even there, and the counts stay.

use crate::program::{Data, files_below};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Stdio;

const TEXTS: usize = 10_000;

/// Words that nothing but a leak can bring into a file.
const CANARIES: [&str; 7] = [
    "zorzalito",
    "xylographe",
    "canary.person",
    "612345678",
    "4111111111111111",
    "ES9121000418450200051332",
    "kunde-77",
];

fn source() -> String {
    let mut text = String::new();
    for n in 0..TEXTS {
        let line = json!({
            "id": format!("r{n}"), "at": "2025-03-04T10:00:00Z", "via": if n % 2 == 0 { "phone" } else { "email" },
            "who": format!("kunde-77{n}"),
            "text": format!("zorzalito {n}: ¿dónde está mi pedido? xylographe{n} canary.person{n}@example.com +34 612345678 4111111111111111 ES9121000418450200051332"),
        });
        writeln!(text, "{line}").expect("a string");
    }
    // Refused lines hold canaries too.
    text.push_str("{\"id\": \"zorzalito broken\n");
    text.push_str("{\"id\": \"x1\", \"at\": \"zorzalito\", \"via\": \"phone\", \"who\": \"kunde-77x\", \"text\": \"xylographe\"}\n");
    text
}

const MAPPING: &str = r#"
format = "ndjson"
source = { system = "canaries" }
[fields]
record = "id"
occurred_at = "at"
channel = "via"
customer = { from = "who", kind = "account" }
text = "text"
"#;

fn leaks(data: &Data, also_vault: bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files_below(data.path()) {
        let in_vault = file.strip_prefix(data.path()).is_ok_and(|f| f.starts_with("vault"));
        // The source itself lies beside the data, not in it.
        if in_vault && !also_vault {
            continue;
        }
        let bytes = std::fs::read(&file).expect("a file");
        for canary in CANARIES {
            if bytes.windows(canary.len()).any(|w| w == canary.as_bytes()) {
                found.push(format!("{canary} in {}", file.display()));
            }
        }
    }
    found
}

#[test]
fn no_canary_leaves_the_vault_and_an_erasure_keeps_the_counts() {
    let (data, beside) = (Data::new(), tempfile::TempDir::new().expect("a temporary folder"));
    let (file, mapping) = (beside.path().join("texts.ndjson"), beside.path().join("mapping.toml"));
    std::fs::write(&file, source()).expect("a file");
    std::fs::write(&mapping, MAPPING).expect("a file");
    let import = [
        "import",
        "--source",
        "ndjson",
        "--mapping",
        &mapping.display().to_string(),
        &file.display().to_string(),
    ];
    let out = data.run(&import);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let talk = [out.stdout, out.stderr].concat();
    let rejects = data.done(&["rejects", "list"]);
    let rollup = data.done(&["rollup", "--as-of", "2025-06-01T00:00:00Z"]);
    let talk = String::from_utf8_lossy(&talk).into_owned() + &rejects + &rollup;
    assert!(CANARIES.iter().all(|c| !talk.contains(c)), "a canary in what the program says:\n{talk}");
    assert_eq!(leaks(&data, true), Vec::<String>::new());
    let raw = data.done(&["rejects", "show", "--raw", "--all"]);
    assert!(
        raw.contains("zorzalito broken") && raw.contains("xylographe"),
        "refused bytes come back whole:\n{raw}"
    );

    let count = [
        "sql",
        "SELECT count(*) AS n, count(DISTINCT customer_key) AS customers FROM contacts",
        "--format",
        "json",
    ];
    let before = data.json(&count);
    assert_eq!(before[0]["n"], Value::from(TEXTS));
    erase(&data, "kunde-7742");
    data.done(&["rollup", "--as-of", "2025-06-01T00:00:00Z"]);
    assert_eq!(data.json(&count), before, "an erasure keeps the counts");
    assert_eq!(leaks(&data, true), Vec::<String>::new());
    data.done(&import);
    data.done(&["rollup", "--as-of", "2025-06-01T00:00:00Z"]);
    assert_eq!(data.json(&count), before, "an erased customer's records come again and stay erased");
}

fn erase(data: &Data, identifier: &str) {
    let mut command = data.command(&["erase", "--kind", "account", "--namespace", "canaries"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("starts");
    child.stdin.take().expect("a pipe").write_all(identifier.as_bytes()).expect("a pipe");
    let out = child.wait_with_output().expect("ends");
    assert!(out.status.success());
}
