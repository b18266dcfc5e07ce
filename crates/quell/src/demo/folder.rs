//! The demo's data folder: one that it made itself. The demo begins anew in it each time, so that its bytes never
//! depend on what an earlier run left, whole or killed; it refuses any folder that it has not made.

use super::company::{Company, Settings};
use crate::home::Home;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// The settings of the demo's instance that differ from the defaults.
const SETTINGS: &str = include_str!("quell.toml");

/// What the mapping of the contact files says.
pub(super) const MAPPING: &str = include_str!("../../../../deploy/mappings/demo.toml");
/// Those of the status board and of the site's sessions.
const STATUS_MAPPING: &str = include_str!("../../../../deploy/mappings/demo_status.toml");
const SESSIONS_MAPPING: &str = include_str!("../../../../deploy/mappings/demo_sessions.toml");
/// What contacts cost the company.
const COSTS: &str = include_str!("costs.toml");

/// Takes the folder for the demo: an empty one, or one that an earlier demo has made, whose instance goes.
///
/// The seed is written first and is never absent from then on. It is what tells a demo's folder, also after a
/// crash at any point.
pub fn claim(home: &Home, seed: u64) -> Result<()> {
    if !home.is_demo() && !is_free(home)? {
        bail!(
            "{} holds an instance that is not the demo's, and the demo begins anew each time: expected an empty \
             folder or an earlier demo's; name one with --data",
            home.root().display()
        );
    }
    make_folder(&home.demo())?;
    write(&home.demo_seed(), format!("{seed}\n").as_bytes())?;
    for folder in home.instance_folders() {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    for file in files_of(&home.demo())?.into_iter().filter(|file| *file != home.demo_seed()) {
        std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    write(&home.config_file(), SETTINGS.as_bytes())
}

/// Nothing lies in the folder, but perhaps the beginning of a demo's.
fn is_free(home: &Home) -> Result<bool> {
    let alien = |entry: &PathBuf| *entry != home.demo();
    let begun = if home.demo().is_dir() { entries(&home.demo())? } else { Vec::new() };
    let unfinished = |entry: &PathBuf| *entry == partial(&home.demo_seed());
    Ok(!entries(home.root())?.iter().any(alien) && begun.iter().all(unfinished))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || format!("cannot read the folder {}", folder.display());
    let read = std::fs::read_dir(folder).with_context(cannot)?;
    read.map(|entry| Ok(entry.with_context(cannot)?.path())).collect()
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_file()).collect())
}

fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// The name of a file that is not whole yet.
fn partial(path: &Path) -> PathBuf {
    path.with_extension("partial")
}

/// Writes a file whole or not at all: a later step, or a later run, never meets half of one.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let unfinished = partial(path);
    std::fs::write(&unfinished, bytes)
        .and_then(|()| std::fs::rename(&unfinished, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Where the company's source files lie.
pub(super) struct SourceFiles {
    /// The taxonomy.
    pub taxonomy: PathBuf,
    /// Orders, accounts and returns by day.
    pub orders: PathBuf,
    /// What contacts cost.
    pub costs: PathBuf,
    /// Customers who are one.
    pub merges: PathBuf,
    /// What other systems say, with the mapping of each; of a company where nothing happens they say nothing.
    pub beside: Vec<(&'static str, PathBuf)>,
    /// The contacts of each week.
    pub weeks: Vec<PathBuf>,
}

/// Makes the company and writes its source files, and what is planted in them.
pub(super) fn write_sources(home: &Home, settings: Settings) -> Result<(Company, SourceFiles)> {
    let company = Company::new(settings);
    let at = |name: &str| home.demo().join(name);
    let put = |name: &str, bytes: &[u8]| {
        let path = at(name);
        write(&path, bytes).map(|()| path)
    };
    put("mapping.toml", MAPPING.as_bytes())?;
    put("status.toml", STATUS_MAPPING.as_bytes())?;
    put("sessions.toml", SESSIONS_MAPPING.as_bytes())?;
    put("plants.json", company.plants_file().as_bytes())?;
    put("phrasebook.json", company.phrasebook_file().as_bytes())?;
    let week = |week: u32| {
        put(&format!("contacts-{}.ndjson", company.calendar.week(week)), &company.week_file(week))
    };
    let others = [
        (STATUS_MAPPING, "status.ndjson", company.status_file()),
        (SESSIONS_MAPPING, "sessions.ndjson", company.sessions_file()),
    ];
    let mut beside = Vec::new();
    for (mapping, name, bytes) in others.iter().filter(|(.., bytes)| !bytes.is_empty()) {
        beside.push((*mapping, put(name, bytes)?));
    }
    let files = SourceFiles {
        taxonomy: put("taxonomy.toml", company.taxonomy_file().as_bytes())?,
        orders: put("orders.csv", company.orders_file().as_bytes())?,
        costs: put("costs.toml", COSTS.as_bytes())?,
        merges: put("merges.csv", company.merges_file().as_bytes())?,
        beside,
        weeks: (0..company.calendar.weeks()).map(week).collect::<Result<_>>()?,
    };
    Ok((company, files))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(folder: &Path) -> Home {
        Home::open(folder).expect("a folder")
    }

    #[test]
    fn only_its_own_folder_is_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = home(folder.path());
        claim(&home, 7).expect("an empty folder");
        std::fs::create_dir_all(home.log()).expect("a folder");
        std::fs::write(home.demo().join("plants.json"), "old").expect("a file");
        claim(&home, 8).expect("its own folder");
        assert!(!home.log().exists() && !home.demo().join("plants.json").exists());
        assert_eq!(std::fs::read_to_string(home.demo_seed()).expect("a file"), "8\n");
    }

    #[test]
    fn what_somebody_else_made_is_left_alone() {
        for alien in ["log", "quell.toml", "notes.txt"] {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::create_dir(folder.path().join(alien)).expect("a folder");
            let refused = claim(&home(folder.path()), 7).expect_err(alien);
            assert!(refused.to_string().contains("not the demo's"), "{refused}");
            assert!(folder.path().join(alien).exists() && !folder.path().join("demo").exists());
        }
    }

    /// A kill between any two writes of the first claim leaves a folder that the next demo takes.
    #[test]
    fn a_claim_that_was_killed_is_taken_up() {
        for begun in [&["demo"][..], &["demo", "demo/seed.partial"]] {
            let folder = tempfile::tempdir().expect("a folder");
            begun.iter().for_each(|name| {
                let path = folder.path().join(name);
                if *name == "demo" { std::fs::create_dir(path) } else { std::fs::write(path, "") }
                    .expect(name);
            });
            claim(&home(folder.path()), 7).expect("a demo's folder");
        }
    }
}
