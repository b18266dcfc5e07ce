//! The hash over meaning: layout keeps it, everything that changes a verdict or a dimension row changes it.

use classify::Taxonomy;

const BASE: &str = r#"
name = "shop"
version = "1"
languages = ["es", "en"]

[owners.web]
label = { es = "Web", en = "Site" }

[owners.logistics]
label = { es = "Envíos", en = "Shipping" }

[[reason]]
id = "step3"
label = { es = "No paso del paso 3", en = "I can't get past step 3" }
owner = "web"
votes = { customer = "irritant", company = "irritant" }
mechanism = "site_blocked"
group = "digital"
meta = { manual = "PR-17" }
examples = { positive = ["me quedo en el paso 3"] }

[[reason.rule]]
id = "step3.1"
priority = 10
phrases = ["paso 3", "step 3"]
regex = '\bpaso tres\b'
near = { words = ["paso", "Atascado"], within = 5 }
none_of = { phrases = ["manual"], regex = 'paso 3 del .{0,9}libro' }
channels = ["phone", "chat"]
languages = ["es"]
source_reason = ["WEB-3", "WEB-4"]
attributes = { shop = ["es", "pt"] }

[[reason]]
id = "where"
label = { es = "¿Dónde está mi pedido?", en = "Where is my order?" }
owner = "logistics"
disposition = "eliminate"

[[reason.rule]]
id = "where.1"
priority = 20
phrases = ["donde esta"]
"#;

fn meaning(text: &str) -> [u8; 32] {
    match Taxonomy::parse(text, "base.toml") {
        Ok(taxonomy) => taxonomy.meaning(),
        Err(mistakes) => panic!("{}\n{text}", mistakes[0]),
    }
}

fn edited(edits: &[(&str, &str)]) -> [u8; 32] {
    let text = edits.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from:?} is there once");
        text.replace(from, to)
    });
    meaning(&text)
}

/// The meaning of `cases/format.toml` before taxonomies could name units, topics, or words near each other, and when
/// there was only the folding that is now called plain.
const FORMAT_WITHOUT_UNITS: &str = "dd8a0d664eddaf6e8ccd134556192dad21faf909f5bc74ead6ac5e73b6ce23c0";

#[test]
fn without_units_it_is_what_it_was_before_there_were_any() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/format.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let is_old = |line: &&str| !["unit = ", "near = ", "topics = "].iter().any(|new| line.starts_with(new));
    let without: String = text.lines().filter(is_old).map(|line| format!("{line}\n")).collect();
    let hex = |meaning: [u8; 32]| meaning.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_ne!(hex(meaning(&text)), FORMAT_WITHOUT_UNITS);
    assert_eq!(hex(meaning(&without)), FORMAT_WITHOUT_UNITS);
}

#[test]
fn units_count_as_they_are_resolved() {
    let file = |unit: &str| BASE.replacen("languages", &format!("{unit}\nlanguages"), 1);
    let step3 = |text: &str, unit: &str| text.replacen("group = ", &format!("{unit}\ngroup = "), 1);
    let both = |text: &str, unit: &str| {
        step3(text, unit).replacen("disposition = ", &format!("{unit}\ndisposition = "), 1)
    };
    let orders = "unit = 'orders'";
    let said_again = both(&file(orders), orders);
    assert_eq!(meaning(&said_again), meaning(&file(orders)), "the unit the reasons have anyway");
    let unlike = [
        BASE.to_owned(),
        file(orders),
        file("unit = 'accounts'"),
        step3(BASE, orders),
        step3(&file(orders), "unit = 'accounts'"),
        both(BASE, orders),
    ];
    let hashes: std::collections::BTreeSet<_> = unlike.iter().map(|text| meaning(text)).collect();
    assert_eq!(hashes.len(), unlike.len());
}

#[test]
fn how_words_are_folded_counts_where_there_are_words() {
    let plain = |text: &str| text.replacen("languages", "folding = 'plain'\nlanguages", 1);
    let loose = |text: &str| text.replacen("languages", "folding = 'loose'\nlanguages", 1);
    assert_eq!(meaning(&loose(BASE)), meaning(BASE));
    assert_ne!(meaning(&plain(BASE)), meaning(BASE));
    let rules = BASE.find("[[reason.rule]]").unwrap();
    let wordless =
        format!("{}[[reason.rule]]\nid = 'x'\npriority = 1\nsource_reason = ['X']\n", &BASE[..rules]);
    assert_eq!(meaning(&plain(&wordless)), meaning(&wordless));
    let barred = format!("{wordless}none_of.phrases = ['no']\n");
    assert_ne!(meaning(&plain(&barred)), meaning(&barred));
}

#[test]
fn layout_keeps_it() {
    let edits: &[&[(&str, &str)]] = &[
        &[("name = \"shop\"", "# a comment\n\nname   =   'shop'")],
        &[("name = \"shop\"", "name = \"other\""), ("version = \"1\"", "version = \"2\"")],
        &[("[\"es\", \"en\"]", "[\"en\", \"es\"]")],
        &[(
            "phrases = [\"paso 3\", \"step 3\"]",
            "phrases = [\n  \"STEP 3\",\n  \"pásó 3\", \"paso 3\", # again\n]",
        )],
        &[(r"'\bpaso tres\b'", r#""\\bpaso tres\\b""#)],
        &[("[\"paso\", \"Atascado\"]", "[\"atascado\", \"PASO\"]")],
        &[("[\"phone\", \"chat\"]", "[\"chat\", \"phone\"]")],
        &[("[\"WEB-3\", \"WEB-4\"]", "[\"WEB-4\", \"WEB-3\"]")],
        &[("priority = 10", "priority = 0x0F"), ("priority = 20", "priority = 1_000")],
        &[("positive = [\"me quedo en el paso 3\"]", "negative = [\"hola\"]")],
        &[
            ("disposition = \"eliminate\"\n", ""),
            ("owner = \"logistics\"", "owner = \"logistics\"\ndisposition = \"eliminate\""),
        ],
        &[("owner = \"web\"\nvotes", "owner = \"web\"\ndisposition = \"eliminate\"\nvotes")],
    ];
    for edit in edits {
        assert_eq!(edited(edit), meaning(BASE), "{edit:?}");
    }
    let second = BASE.rfind("[[reason]]\n").unwrap();
    let first = BASE.find("[[reason]]\n").unwrap();
    let swapped = format!("{}{}{}", &BASE[..first], &BASE[second..], &BASE[first..second]);
    assert_eq!(meaning(&swapped), meaning(BASE), "the order of reasons in the file");
}

#[test]
fn what_counts_changes_it() {
    let edits: &[(&str, &str)] = &[
        ("languages = [\"es\", \"en\"]", "languages = [\"es\", \"en\", \"pt\"]"),
        ("en = \"Site\"", "en = \"Website\""),
        ("id = \"step3\"", "id = \"step_3\""),
        ("en = \"I can't get past step 3\"", "en = \"Step 3 stops me\""),
        ("owner = \"web\"", "owner = \"logistics\""),
        ("owner = \"web\"\n", ""),
        ("company = \"irritant\"", "company = \"value\""),
        ("votes = { customer = \"irritant\", company = \"irritant\" }", "disposition = \"eliminate\""),
        ("disposition = \"eliminate\"", "disposition = \"automate\""),
        ("disposition = \"eliminate\"\n", ""),
        ("site_blocked", "site_howto"),
        ("group = \"digital\"", "group = \"web\""),
        ("manual = \"PR-17\"", "manual = \"PR-18\""),
        ("manual = \"PR-17\"", "book = \"PR-17\""),
        ("id = \"step3.1\"", "id = \"step3.one\""),
        ("\"paso 3\", \"step 3\"", "\"paso 3\""),
        ("\"paso 3\", \"step 3\"", "\"paso 3 step 3\""),
        (r"\bpaso tres\b", r"\bpaso tres"),
        ("phrases = [\"manual\"]", "phrases = [\"manuales\"]"),
        ("libro", "libros"),
        ("within = 5", "within = 6"),
        ("\"Atascado\"", "\"atascada\""),
        ("near = { words = [\"paso\", \"Atascado\"], within = 5 }\n", ""),
        ("[\"phone\", \"chat\"]", "[\"phone\"]"),
        ("languages = [\"es\"]", "languages = [\"en\"]"),
        ("\"WEB-3\", \"WEB-4\"", "\"WEB-3\", \"web-4\""),
        ("shop = [", "store = ["),
        ("[\"es\", \"pt\"]", "[\"es\", \"br\"]"),
        ("priority = 10", "priority = 30"),
    ];
    let mut seen = vec![(("", ""), meaning(BASE)), (("everything", "nothing"), Taxonomy::empty().meaning())];
    for edit in edits {
        let text = if edit.0.starts_with("languages = [\"es\", \"en\"]") {
            BASE.replace(" }\nowner", ", pt = \"x\" }\nowner").replace("\" }\n\n[", "\", pt = \"x\" }\n\n[")
        } else {
            BASE.to_owned()
        };
        assert!(text.contains(edit.0), "{edit:?}");
        let got = meaning(&text.replacen(edit.0, edit.1, 1));
        if let Some((other, _)) = seen.iter().find(|(_, known)| *known == got) {
            panic!("{edit:?} means the same as {other:?}");
        }
        seen.push((*edit, got));
    }
}
