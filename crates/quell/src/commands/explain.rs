//! `quell explain CONTACT_ID`: what decided a contact's reason and what proves that it was avoidable, in words, as the cut
//! that is shown has it.

use super::Shell;
use crate::cli;
use crate::explained::{as_json, explain};
use crate::failure::{Exit, Failure};
use crate::instance::open_store;
use anyhow::{Context as _, Result};
use domain::ContactId;

pub(super) fn run(shell: &mut Shell, args: &cli::Explain) -> Result<Exit, Failure> {
    let id = contact_id(&args.contact)?;
    let cut = super::freshness::shown(shell, &*open_store(&shell.home)?)?;
    let explained = explain(&shell.instance()?, &cut, id, shell.lang().tag())?;
    let explained = explained.with_context(|| format!("no contact {id} in the tables that are shown"))?;
    shell.summary(&explained.render(shell.lang()), &as_json(&explained))?;
    Ok(Exit::Done)
}

/// The contact that is meant.
pub(super) fn contact_id(text: &str) -> Result<ContactId> {
    let id = ContactId::parse(text);
    id.with_context(|| format!("`{text}` is no contact id; expected a UUID as in contacts.contact_id"))
}
