//! The page as a browser reads it: whole, closed, self-contained, and safe whatever a taxonomy names its reasons.

use crate::fixture;
use report::Lang;
use report::weekly;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Mail programs cut a page off from here on.
const BYTES_MAX: usize = 102_000;

/// Every page of every week, made once.
static PAGES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut out = Vec::new();
    for (name, weekly) in fixture::all() {
        out.extend(Lang::ALL.iter().map(|l| (format!("{name}.{}", l.tag()), weekly::html(&weekly, *l))));
    }
    out
});

fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGES.iter().map(|(name, page)| (name.as_str(), page.as_str()))
}

/// An opening tag.
#[derive(Debug)]
struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// What a page consists of.
struct Parsed {
    tags: Vec<Tag>,
    /// What people read.
    text: String,
}

/// A strict reading: every tag closed in its order, every attribute in quotation marks and given once, no bare
/// `<` or `>` in text. What passes this, every browser reads alike.
fn parse(page: &str) -> Result<Parsed, String> {
    let mut rest = page.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    let (mut open, mut tags, mut text) = (Vec::new(), Vec::new(), String::new());
    while let Some((before, after)) = rest.split_once('<') {
        if before.contains('>') {
            return Err(format!("a bare > in {before:?}"));
        }
        text.push_str(before);
        text.push('\n');
        let end = tag_end(after).ok_or_else(|| format!("an open tag: {after:.40}"))?;
        let (tag, following) = after.split_at(end);
        rest = following.get(1..).unwrap_or_default();
        if let Some(name) = tag.strip_prefix('/') {
            let expected = open.pop();
            if expected.as_deref() != Some(name) {
                return Err(format!("</{name}> closes {expected:?}"));
            }
            continue;
        }
        let closed = tag.ends_with('/');
        let tag = attributes(tag.trim_end_matches('/'))?;
        if tag.name == "style" {
            rest = rest.split_once("</style>").ok_or("an open style")?.1;
        } else if !closed && tag.name != "meta" {
            open.push(tag.name.clone());
        }
        tags.push(tag);
    }
    if open.is_empty() { Ok(Parsed { tags, text }) } else { Err(format!("never closed: {open:?}")) }
}

/// Where the tag ends, outside quotation marks.
fn tag_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(at)
    })
}

fn attributes(tag: &str) -> Result<Tag, String> {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("no tag: {tag:.40}"));
    }
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.trim().is_empty() {
        let (key, after) = rest.trim_start().split_once("=\"").ok_or_else(|| format!("no value in {tag}"))?;
        let (value, after) = after.split_once('"').ok_or_else(|| format!("an open value in {tag}"))?;
        if attributes.iter().any(|(known, _)| known == key) || value.contains('<') {
            return Err(format!("{key} in {tag}"));
        }
        attributes.push((key.to_owned(), value.to_owned()));
        rest = after;
    }
    Ok(Tag { name: name.to_owned(), attributes })
}

#[test]
fn the_strict_reading_finds_what_is_broken() {
    let page = |body: &str| parse(&format!("<!DOCTYPE html><p>{body}</p>")).err();
    assert_eq!(page("a &lt; b<b title=\"x > y\">c</b><rect x=\"1\"/>"), None);
    for broken in
        ["a > b", "<b>", "</b>", "<b class=x></b>", "<b class=\"x></b>", "<b a=\"1\" a=\"2\"></b>", "a < b"]
    {
        assert!(page(broken).is_some(), "{broken}");
    }
}

#[test]
fn a_page_is_well_formed_and_its_links_lead_somewhere() {
    for (name, page) in pages() {
        let parsed = parse(page).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ids: Vec<&str> = parsed.tags.iter().filter_map(|t| t.get("id")).collect();
        let known: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "{name}: an id stands twice");
        for tag in &parsed.tags {
            let target = tag.get("href").map(|href| href.strip_prefix('#').expect("a place in the page"));
            for id in target.into_iter().chain(tag.get("aria-labelledby")) {
                assert!(known.contains(id), "{name}: nothing is called {id}");
            }
        }
    }
}

#[test]
fn a_page_can_be_read_by_ear() {
    for (name, page) in pages() {
        let parsed = parse(page).expect("well-formed");
        let lang = name.rsplit('.').next();
        assert_eq!(parsed.tags.first().and_then(|t| t.get("lang")), lang, "{name}");
        let levels = parsed.tags.iter().filter_map(|t| t.name.strip_prefix('h')?.parse::<u32>().ok());
        let levels: Vec<u32> = levels.collect();
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{name}");
        assert_eq!(levels.first(), Some(&1), "{name}");
        assert!(levels.windows(2).all(|w| w[1] <= w[0] + 1), "{name}: {levels:?}");
        for tag in &parsed.tags {
            match tag.name.as_str() {
                "th" => assert!(tag.get("scope").is_some(), "{name}: {tag:?}"),
                "svg" => assert_eq!(tag.get("aria-hidden"), Some("true"), "{name}: {tag:?}"),
                "div" if tag.get("role") == Some("img") => {
                    assert!(tag.get("aria-label").is_some_and(|label| !label.is_empty()), "{name}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    let never = [
        "http",
        "//",
        "src=",
        "url(",
        "@import",
        "@font-face",
        "<link",
        "<script",
        "<img",
        "<iframe",
        "<object",
        "javascript:",
        "srcset",
    ];
    for (name, page) in pages() {
        // Hostile names are text, with their brackets escaped; "src=" is then a word like others.
        let hostile = name.starts_with("hostile");
        for word in never.iter().filter(|word| !(hostile && **word == "src=")) {
            assert!(!page.contains(word), "{name}: {word}");
        }
        let parsed = parse(page).expect("well-formed");
        for tag in &parsed.tags {
            let runs = tag.attributes.iter().any(|(key, _)| key.starts_with("on") || key == "src");
            assert!(!runs, "{name}: {tag:?}");
        }
    }
}

#[test]
fn a_page_is_small_enough_for_every_mail_program() {
    for (name, page) in pages() {
        assert!(page.len() < BYTES_MAX, "{name}: {} bytes", page.len());
    }
}

#[test]
fn names_are_text_and_nothing_else() {
    for (name, page) in pages().filter(|(name, _)| name.starts_with("hostile")) {
        assert!(page.contains("&lt;script&gt;alert("), "{name}");
        assert!(page.contains("\u{2068}أين طلبي؟ متى يصل\u{2069}"), "{name}: a name is not isolated");
        for bad in ['\u{1b}', '\u{202e}', '\u{202c}', '\r', '\0'] {
            assert!(!page.contains(bad), "{name}: {bad:?}");
        }
    }
}

#[test]
fn people_never_read_our_word_for_avoidable() {
    for (name, page) in pages() {
        assert!(!page.to_lowercase().contains("dumb"), "{name}: the page");
        let word = if name.ends_with("es") { "innecesario" } else { "avoidable" };
        assert!(parse(page).expect("well-formed").text.to_lowercase().contains(word), "{name}");
    }
    for (name, weekly) in fixture::all() {
        for lang in Lang::ALL {
            assert!(!weekly::text(&weekly, *lang).to_lowercase().contains("dumb"), "{name}: the text");
        }
    }
}
