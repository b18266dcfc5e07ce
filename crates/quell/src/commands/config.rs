//! `quell config check|show`. A configuration with mistakes never comes this far.

use super::Shell;
use crate::cli::ConfigCommand;
use crate::config::{Raw, shown};
use crate::failure::{Exit, Failure};
use anyhow::Result;
use serde_json::{Value, json};

pub(super) fn run(shell: &mut Shell, command: ConfigCommand) -> Result<Exit, Failure> {
    match command {
        ConfigCommand::Check => check(shell)?,
        ConfigCommand::Show => show(shell)?,
    }
    Ok(Exit::Done)
}

fn check(shell: &mut Shell) -> Result<()> {
    let file = shell.loaded.file.as_ref().map(|path| path.display().to_string());
    let text = match &file {
        Some(file) => format!("{file} is valid\n"),
        None => "no configuration file; defaults and environment are valid\n".to_owned(),
    };
    shell.summary(&text, &json!({ "valid": true, "file": file }))
}

fn show(shell: &mut Shell) -> Result<()> {
    let settings = shown(&shell.loaded.layers);
    if shell.json {
        let entry = |s: &crate::config::ShownSetting| json!({ "setting": s.key, "value": value(&s.value), "origin": s.place.to_string() });
        return shell.out.json(&Value::Array(settings.iter().map(entry).collect()));
    }
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let keys = width(&mut settings.iter().map(|s| s.key.len()));
    let values = width(&mut settings.iter().map(|s| s.value.to_string().chars().count()));
    for setting in settings {
        let text = setting.value.to_string();
        shell.out.text(&format!("{:keys$} = {text:values$}  # {}\n", setting.key, setting.place))?;
    }
    Ok(())
}

fn value(raw: &Raw) -> Value {
    match raw {
        Raw::Text(text) | Raw::Untyped(text) | Raw::Float(text) => json!(text),
        Raw::Integer(n) => json!(n),
        Raw::Flag(on) => json!(on),
    }
}
