//! The program as a process, on a data folder of its own.

use crate::client::{self, Answer};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longest wait for something that has to happen: far beyond anything that the program may take.
pub const BOUND: Duration = Duration::from_secs(90);

/// A data folder.
pub struct Data(TempDir);

impl Data {
    pub fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program on this folder, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
        command.arg("--data").arg(self.path()).args(arguments).env_clear().stdin(Stdio::null());
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the program starts")
    }

    /// Runs to exit 0 and gives what it printed.
    pub fn done(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// The rows of a query as objects.
    pub fn sql(&self, query: &str) -> Vec<Value> {
        serde_json::from_str(&self.done(&["sql", query, "--format", "json"])).expect("rows")
    }

    /// The record ids in `contacts`, sorted; one that counts twice is there twice.
    pub fn records(&self) -> Vec<String> {
        let rows = self.sql("SELECT record_id FROM contacts ORDER BY record_id");
        rows.iter().map(|row| row["record_id"].as_str().expect("text").to_owned()).collect()
    }

    /// Starts `quell run` with these settings beside the defaults for tests, which publish only at the end.
    pub fn run(&self, settings: &[(&str, &str)]) -> Server {
        self.try_run(settings).unwrap_or_else(|(status, said)| panic!("{status}: {said}"))
    }

    pub fn try_run(&self, settings: &[(&str, &str)]) -> Result<Server, (ExitStatus, String)> {
        self.try_role("run", settings)
    }

    /// Starts one of the services of `quell run` by itself.
    pub fn role(&self, role: &str, settings: &[(&str, &str)]) -> Server {
        self.try_role(role, settings).unwrap_or_else(|(status, said)| panic!("{role}: {status}: {said}"))
    }

    /// The same, of one that may refuse to start.
    pub fn try_role(&self, role: &str, settings: &[(&str, &str)]) -> Result<Server, (ExitStatus, String)> {
        let mut command = self.command(&[role, "--listen", "127.0.0.1:0"]);
        command.env("QUELL_PUBLISH_EVERY", "1h").envs(settings.iter().copied());
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = Process(child.expect("the program starts"));
        let mut said = Said::of(process.0.stderr.take().expect("a pipe"));
        match said.address() {
            Some(address) => Ok(Server { process, address, said }),
            None => Err((process.0.wait().expect("a child"), said.all())),
        }
    }
}

/// What a process says on stderr, read by a thread of its own so that it never waits for us.
struct Said {
    lines: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Said {
    fn of(stderr: ChildStderr) -> Self {
        let lines = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                kept.lock().expect("no reader panics").push_str(&(line + "\n"));
            }
        });
        Self { lines, reader: Some(reader) }
    }

    /// The address of the line that says it; `None` where the process has ended without it.
    fn address(&self) -> Option<SocketAddr> {
        until("the program says its address", || {
            let said = self.lines.lock().expect("no reader panics").clone();
            let address = said.split_once(" http://").and_then(|(_, rest)| rest.split_once(' '));
            match address {
                Some((address, _)) => Some(Some(address.parse().expect("an address"))),
                None => self.reader.as_ref().is_some_and(JoinHandle::is_finished).then_some(None),
            }
        })
    }

    fn all(&mut self) -> String {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends with the process");
        }
        self.lines.lock().expect("no reader panics").clone()
    }
}

/// A child that a test which fails does not leave behind.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `quell run`.
pub struct Server {
    process: Process,
    pub address: SocketAddr,
    said: Said,
}

impl Server {
    pub fn get(&self, path: &str) -> Answer {
        client::request(self.address, "GET", path, &[], b"").expect("an answer")
    }

    pub fn post(&self, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        client::request(self.address, "POST", "/v1/contacts", headers, body).expect("an answer")
    }

    pub fn post_json(&self, body: &Value) -> Answer {
        self.post(&[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// The value of a series in `/metrics`; 0 where it is not there yet.
    pub fn metric(&self, series: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().expect("a number"))
    }

    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.process.0.id());
        assert!(Command::new("sh").args(["-c", &line]).status().expect("a shell").success(), "{line}");
    }

    /// Waits for the end; the exit code and what was said.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let child = &mut self.process.0;
        let status = until("the program ends", || child.try_wait().expect("a child"));
        (status.code(), self.said.all())
    }

    /// Ends it as an operator does; everything is published then.
    pub fn drain(self) -> String {
        self.signal("TERM");
        let (code, said) = self.ended();
        assert_eq!(code, Some(0), "{said}");
        said
    }

    /// `kill -9`.
    pub fn kill(self) {
        drop(self.process);
    }
}

/// Asks until there is an answer; the bound is only reached where something is broken.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < BOUND {
        if let Some(answer) = ask() {
            return answer;
        }
        // Only so that asking leaves the machine to what is asked.
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("expected within {BOUND:?}: {what}");
}

/// A contact by phone.
pub fn contact(record: &str) -> Value {
    json!({
        "record": record,
        "occurred_at": "2026-05-01T10:00:00Z",
        "channel": "phone",
        "customer": { "account": format!("customer of {record}") },
        "text": "where is my parcel",
    })
}
