//! The design's table of crates, held against the code (ARCHITECTURE.md, DESIGN §3).

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Each crate with the crates of ours that it may use.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("codec", &["domain"]),
    ("classify", &["domain"]),
    ("engine", &["domain", "classify"]),
    ("tables", &["domain"]),
    ("vault", &["domain"]),
    ("log", &["domain"]),
    ("lake", &["domain", "tables"]),
    ("analytics", &["domain", "tables", "lake"]),
    ("report", &["domain", "tables"]),
    (
        "quell",
        &["domain", "codec", "classify", "engine", "tables", "vault", "log", "lake", "analytics", "report"],
    ),
];

/// Values in, values out.
const PURE: [&str; 6] = ["domain", "codec", "classify", "engine", "tables", "report"];

/// What a pure crate never depends on, directly.
const NOT_IN_PURE: [&str; 6] = ["tokio", "futures", "rdkafka", "rusqlite", "getrandom", "parquet"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let out = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo starts");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout
}

/// Of this platform only: a build fetches no other one's crates, and this test asks for nothing more.
fn metadata() -> Value {
    let version = String::from_utf8(cargo(&["--version", "--verbose"])).expect("text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("cargo names its host");
    let arguments = ["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host];
    serde_json::from_slice(&cargo(&arguments)).expect("JSON")
}

fn packages(metadata: &Value) -> &Vec<Value> {
    metadata["packages"].as_array().expect("packages")
}

/// Dependencies of our package by kind: normal ones, or those of tests.
fn dependencies<'m>(metadata: &'m Value, package: &str, normal: bool) -> BTreeSet<&'m str> {
    let ours = |p: &&Value| p["name"] == package && p["source"].is_null();
    let found = packages(metadata).iter().find(ours).unwrap_or_else(|| panic!("no package {package}"));
    let all = found["dependencies"].as_array().expect("dependencies");
    all.iter()
        .filter(|d| d["kind"].is_null() == normal)
        .map(|d| d["name"].as_str().expect("a name"))
        .collect()
}

#[test]
fn crates_use_only_what_the_design_allows() {
    let metadata = metadata();
    let allowed: BTreeMap<_, _> = MAY_USE.into_iter().collect();
    for (name, may) in MAY_USE {
        let used: BTreeSet<_> =
            dependencies(&metadata, name, true).into_iter().filter(|d| is_ours(&metadata, name, d)).collect();
        let beyond: Vec<_> = used.iter().filter(|d| allowed.contains_key(**d) && !may.contains(*d)).collect();
        assert!(beyond.is_empty(), "{name} uses {beyond:?}; the design allows {may:?}");
    }
    let folders: BTreeSet<String> = std::fs::read_dir(root().join("crates"))
        .expect("crates/")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        folders,
        allowed.keys().map(|n| (*n).to_owned()).collect(),
        "crates/ holds the eleven crates of the design"
    );
}

/// The public crate `log` has the name of ours.
fn is_ours(metadata: &Value, package: &str, dependency: &str) -> bool {
    let ours =
        packages(metadata).iter().find(|p| p["name"] == package && p["source"].is_null()).expect("a package");
    let entry = ours["dependencies"].as_array().expect("a list").iter().find(|d| d["name"] == dependency);
    entry.is_some_and(|d| d["source"].is_null())
}

#[test]
fn pure_crates_are_fenced() {
    let metadata = metadata();
    for name in PURE {
        let used = dependencies(&metadata, name, true);
        let bad: Vec<_> = NOT_IN_PURE.iter().filter(|d| used.contains(**d)).collect();
        assert!(bad.is_empty(), "{name} is pure and uses {bad:?}");
        let fence =
            std::fs::read_to_string(root().join("crates").join(name).join("clippy.toml")).unwrap_or_default();
        for forbidden in ["SystemTime::now", "File::open", "env::var", "thread::spawn"] {
            assert!(fence.contains(forbidden), "crates/{name}/clippy.toml does not forbid {forbidden}");
        }
    }
    let engine = dependencies(&metadata, "engine", true);
    assert!(
        !engine.contains("arrow") && !engine.contains("serde_json"),
        "engine sees neither Arrow nor JSON"
    );
}

#[test]
fn nobody_uses_the_public_log_crate_and_all_versions_are_pinned_once() {
    let metadata = metadata();
    for package in packages(&metadata).iter().filter(|p| p["source"].is_null()) {
        let name = package["name"].as_str().expect("a name");
        for dependency in package["dependencies"].as_array().expect("a list") {
            let public_log = dependency["name"] == "log" && !dependency["source"].is_null();
            assert!(!public_log, "{name} uses the public crate log; the word is ours, say `tracing`");
        }
        let manifest =
            std::fs::read_to_string(package["manifest_path"].as_str().expect("a path")).expect("a manifest");
        let manifest: toml::Table = manifest.parse().expect("TOML");
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (dependency, spec) in
                manifest.get(section).and_then(toml::Value::as_table).into_iter().flatten()
            {
                let from_workspace = spec.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                // A crate's own test features come in by its path.
                assert!(
                    from_workspace || spec.get("path").is_some(),
                    "{name}: {dependency} is not `workspace = true`"
                );
            }
        }
    }
}

#[test]
fn there_is_one_arrow() {
    let metadata = metadata();
    for name in ["arrow", "parquet", "arrow-array", "datafusion"] {
        let versions: BTreeSet<_> = packages(&metadata)
            .iter()
            .filter(|p| p["name"] == name)
            .map(|p| p["version"].to_string())
            .collect();
        assert_eq!(versions.len(), 1, "{name}: {versions:?}");
    }
}
