//! Layers, mistakes and units, as data.

use super::*;
use domain::Span;
use std::path::Path;

fn check(toml: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let mut layers = Layers::new();
    let mut mistakes = layers.add_file(Path::new("dir/quell.toml"), toml);
    let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    mistakes.extend(layers.add_environment(environment));
    valid::validate(&layers, mistakes).map_err(|m| m.to_string())
}

#[test]
fn the_defaults_are_the_engines_own() {
    let config = Config::defaults();
    assert_eq!(config.engine, EngineSettings::default());
    assert_eq!((config.partitions, config.zone.name()), (4, "UTC"));
    assert_eq!((config.taxonomy, config.record_bytes_max), (None, 1 << 20));
}

#[test]
fn stronger_layers_win() {
    let toml = "zone = \"Europe/Madrid\"\n[engine]\nchain_window = \"10d\"\nmaturity = \"40d\"\n";
    let config =
        check(toml, &[("QUELL_ENGINE_CHAIN_WINDOW", "36h"), ("QUELL_LOG_PARTITIONS", "9")]).expect("valid");
    assert_eq!(config.zone.name(), "Europe/Madrid");
    assert_eq!(config.engine.chain_window, Span::from_hours(36));
    assert_eq!(config.engine.maturity, Span::from_days(40));
    assert_eq!(config.partitions, 9);
    let mut layers = Layers::new();
    layers.add_environment([("QUELL_THREADS".to_owned(), "3".to_owned())]);
    layers.add_flag("threads", "threads", Raw::Integer(2));
    assert_eq!(valid::validate(&layers, Vec::new()).expect("valid").threads.get(), 2);
    let threads = shown(&layers).into_iter().find(|s| s.key == "threads").expect("shown");
    assert_eq!((threads.value.to_string(), threads.place.to_string()), ("2".into(), "flag --threads".into()));
}

#[test]
fn a_path_is_relative_to_the_file_that_names_it() {
    let of = |toml: &str, env: &[(&str, &str)]| check(toml, env).expect("valid").taxonomy;
    assert_eq!(of("taxonomy = \"t.toml\"", &[]), Some(PathBuf::from("dir/t.toml")));
    assert_eq!(of("taxonomy = \"/t.toml\"", &[]), Some(PathBuf::from("/t.toml")));
    assert_eq!(of("taxonomy = \"t.toml\"", &[("QUELL_TAXONOMY", "x.toml")]), Some(PathBuf::from("x.toml")));
    assert_eq!(of("taxonomy = \"t.toml\"", &[("QUELL_TAXONOMY", "")]), None);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let toml = "\
zona = \"UTC\"
language = \"de\"
threads = [1]
[engine]
chain_window = 7
maturity = \"30\"
sitting_gap = \"0m\"
[limits]
record = \"64MB\"
[log]
partitions = 0
[[extra]]
x = 1
";
    let environment =
        [("QUELL_MEMORY_STATE_MAX", "1KiB"), ("QUELL_ZON", "UTC"), ("QUELL_SERVICE_HOST", "10.0.0.1")];
    let span = "a length of time with its unit, such as \"30m\" or \"7d\" (ms, s, m, h, d)";
    let expected = format!(
        "\
dir/quell.toml:1: unknown setting zona; did you mean zone?
dir/quell.toml:2: language is \"de\"; expected \"en\" or \"es\"
dir/quell.toml:3: threads cannot be a list
dir/quell.toml:5: engine.chain_window is 7; expected {span}
dir/quell.toml:6: engine.maturity is \"30\"; expected {span}
dir/quell.toml:7: engine.sitting_gap is \"0m\"; expected more than nothing and at most \"3650d\"
dir/quell.toml:9: limits.record is \"64MB\"; expected a size with its unit, such as \"64MiB\" (B, KiB, MiB, GiB)
dir/quell.toml:11: log.partitions is 0; expected a whole number from 1 to 1024
dir/quell.toml:12: extra cannot be a list
environment QUELL_MEMORY_STATE_MAX: memory.state_max is \"1KiB\"; expected from 64MiB to 1024GiB
environment QUELL_ZON: no setting has this name"
    );
    assert_eq!(check(toml, &environment).err(), Some(expected));
}

/// A setting that stands in the default file and that nobody reads would be accepted with any value.
#[test]
fn every_setting_is_read() {
    for key in Layers::new().keys() {
        let refused = check(&format!("{key} = 1.5\n"), &[]).err().unwrap_or_default();
        assert!(
            refused.starts_with(&format!("dir/quell.toml:1: {key} is 1.5; expected ")),
            "{key}: {refused}"
        );
    }
}

#[test]
fn broken_toml_names_its_line() {
    let mistakes = check("zone = \"UTC\"\nlanguage = \n= 3\n", &[]).err().expect("mistakes");
    assert!(mistakes.starts_with("dir/quell.toml:2: not TOML:"), "{mistakes}");
    assert!(mistakes.contains("dir/quell.toml:3: not TOML:"), "{mistakes}");
}

#[test]
fn a_seeded_vault_needs_the_flag_and_the_seed() {
    let seeded = "[vault]\nmode = \"seeded\"\n";
    let allowed = "[vault]\nmode = \"seeded\"\nallow_seeded = true\n";
    let seed = [("QUELL_VAULT_SEED", "18446744073709551615")];
    let refused = |toml, env: &[(&str, &str)]| check(toml, env).err();
    assert!(refused(seeded, &seed).is_some_and(|m| m.contains("allow_seeded = true")));
    assert!(
        refused(allowed, &[])
            .is_some_and(|m| m.starts_with("environment QUELL_VAULT_SEED: expected an integer"))
    );
    assert!(refused(allowed, &[("QUELL_VAULT_SEED", "hush")]).is_some_and(|m| !m.contains("hush")));
    assert!(refused("", &seed).is_some_and(|m| m.contains("expected no seed")));
    assert!(matches!(check(allowed, &seed).map(|c| c.vault), Ok(vault::Mode::Seeded(u64::MAX))));
}

#[test]
fn instants_of_the_command_line() {
    let madrid = Zone::named("Europe/Madrid").expect("zone");
    let of = |text| parse_instant(text, &madrid).map(|i| i.to_string());
    assert_eq!(of("2026-05-01T10:00:00+02:00").as_deref(), Some("2026-05-01T08:00:00Z"));
    assert_eq!(of("2026-05-01").as_deref(), Some("2026-04-30T22:00:00Z"));
    assert_eq!(of("2026-05-01T10:00:00"), None);
    assert_eq!(of("2026-02-30"), None);
}
