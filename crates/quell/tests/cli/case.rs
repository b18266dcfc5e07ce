//! Reading a case file, running it, and comparing.

use crate::files;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// One command with what is expected of it.
struct Step {
    /// Comments and settings before it, as they are written.
    before: Vec<String>,
    command: String,
    stdin: Vec<String>,
    stdout: Vec<String>,
    stderr: Vec<String>,
    exit: i32,
}

/// Runs the case of this name.
pub fn check(name: &str) {
    let path = format!("{}/tests/cli/cases/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the case can be read");
    let folder = tempfile::tempdir().expect("a folder");
    files::lay_out(folder.path());
    let mut environment = BTreeMap::from([
        ("QUELL_DATA".to_owned(), "data".to_owned()),
        ("QUELL_VAULT_MODE".to_owned(), "seeded".to_owned()),
        ("QUELL_VAULT_ALLOW_SEEDED".to_owned(), "true".to_owned()),
        ("QUELL_VAULT_SEED".to_owned(), "7".to_owned()),
    ]);
    let mut rewritten = String::new();
    let mut differences = String::new();
    for step in steps(&text) {
        step.before.iter().for_each(|line| set(line, &mut environment));
        let happened = run(&step, folder.path(), &environment);
        if happened.matches(&step) {
            rewritten.push_str(&step.text());
        } else {
            write!(differences, "--- expected\n{}+++ happened\n{}", step.text(), happened.text())
                .expect("a string");
            rewritten.push_str(&happened.text());
        }
    }
    if differences.is_empty() {
        return;
    }
    if std::env::var_os("UPDATE_CLI").is_some() {
        std::fs::write(&path, rewritten).expect("the case can be written");
        return;
    }
    panic!("{path}\n{differences}");
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut before = Vec::new();
    for line in text.lines() {
        let rest = line.get(2..).unwrap_or_default().to_owned();
        match (line.chars().next(), steps.last_mut()) {
            (Some('$'), _) => steps.push(Step {
                before: std::mem::take(&mut before),
                command: rest,
                stdin: Vec::new(),
                stdout: Vec::new(),
                stderr: Vec::new(),
                exit: 0,
            }),
            (Some('<'), Some(step)) => step.stdin.push(rest),
            (Some('|'), Some(step)) => step.stdout.push(rest),
            (Some('!'), Some(step)) => step.stderr.push(rest),
            (Some('?'), Some(step)) => step.exit = rest.parse().expect("an exit code"),
            (None | Some('#' | '='), _) => before.push(line.to_owned()),
            _ => panic!("not a line of a case: {line}"),
        }
    }
    assert!(before.iter().all(String::is_empty), "a case ends with a command");
    steps
}

fn set(line: &str, environment: &mut BTreeMap<String, String>) {
    let Some(setting) = line.strip_prefix("= ") else { return };
    match setting.split_once('=') {
        Some((name, value)) => drop(environment.insert(name.to_owned(), value.to_owned())),
        None => drop(environment.remove(setting)),
    }
}

/// Words of a command line; quotes keep words together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut begun) = (String::new(), None, false);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => (quote, begun) = (Some(c), true),
            (' ', None) => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            (c, _) => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

fn run(step: &Step, folder: &Path, environment: &BTreeMap<String, String>) -> Step {
    let words = words(&step.command);
    let (program, arguments) = words.split_first().expect("a command");
    assert_eq!(program, "quell");
    let mut child = Command::new(env!("CARGO_BIN_EXE_quell"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let text: String = step.stdin.iter().map(|line| format!("{line}\n")).collect();
    // A program that does not read its stdin closes it.
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    // The program prints paths without symbolic links.
    let folder = folder.canonicalize().expect("the folder");
    let lines = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8_lossy(bytes).replace(&folder.display().to_string(), "[DIR]");
        text.lines().map(str::to_owned).collect()
    };
    Step {
        before: step.before.clone(),
        command: step.command.clone(),
        stdin: step.stdin.clone(),
        stdout: lines(&output.stdout),
        stderr: lines(&output.stderr),
        exit: output.status.code().unwrap_or(-1),
    }
}

impl Step {
    /// Whether this is what `expected` says, with its `[..]`.
    fn matches(&self, expected: &Self) -> bool {
        let same = |lines: &[String], patterns: &[String]| {
            lines.len() == patterns.len()
                && lines.iter().zip(patterns).all(|(line, pattern)| fits(line, pattern))
        };
        self.exit == expected.exit
            && same(&self.stdout, &expected.stdout)
            && same(&self.stderr, &expected.stderr)
    }

    fn text(&self) -> String {
        let mut out: String = self.before.iter().map(|line| format!("{line}\n")).collect();
        let mut lines = |mark: char, lines: &[String]| {
            for line in lines {
                out.push_str(format!("{mark} {line}").trim_end());
                out.push('\n');
            }
        };
        lines('$', std::slice::from_ref(&self.command));
        lines('<', &self.stdin);
        lines('|', &self.stdout);
        lines('!', &self.stderr);
        if self.exit != 0 {
            lines('?', &[self.exit.to_string()]);
        }
        out
    }
}

/// Whether a line fits a pattern; trailing blanks are not compared, since case files have none.
fn fits(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split("[..]");
    let first = parts.next().unwrap_or_default();
    let line = line.trim_end();
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some(part) => part.is_empty() || rest.is_empty() || line.ends_with(part),
    }
}

#[test]
fn patterns() {
    for (line, pattern, expected) in [
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "a[..]", true),
        ("abc", "[..]c", true),
        ("abc", "a[..]b[..]", true),
        ("abcb", "a[..]b", true),
        ("abc", "a[..]d", false),
        ("abc ", "abc", true),
    ] {
        assert_eq!(fits(line, pattern), expected, "{line} {pattern}");
    }
    assert_eq!(words("quell sql \"SELECT 'a b'\" x"), ["quell", "sql", "SELECT 'a b'", "x"]);
}
