//! Lint. The cases are edits of one clean file, `tests/cases/lint/clean.toml`, that plant one fault each:
//!
//! ```text
//! # what is planted
//! - lines that are there once
//! + what stands there instead
//! weeks 8
//! contacts REASON 100
//! ```
//!
//! `NAME.expected` beside it is what lint says, in English and in Spanish, with the clean file in force.
//! `UPDATE_EXPECT=1 cargo test -p classify` writes them anew.

use crate::{deployed, repository};
use classify::lint::{About, Check, Finding, LintSettings, Linted, Severity, Volumes, lint};
use classify::{Draft, Taxonomy, limits};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/lint")
}

fn clean() -> String {
    std::fs::read_to_string(folder().join("clean.toml")).unwrap()
}

/// An edit: pairs of lines, and volumes.
struct Planted {
    edits: Vec<(String, String)>,
    volumes: Option<Volumes>,
}

impl Planted {
    fn read(text: &str) -> Self {
        let mut planted = Self { edits: vec![Default::default()], volumes: None };
        for line in text.lines() {
            let last = planted.edits.last_mut().unwrap();
            let rest = line.get(2..).unwrap_or_default();
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["-", ..] => writeln!(last.0, "{rest}").unwrap(),
                ["+", ..] => writeln!(last.1, "{rest}").unwrap(),
                [""] => planted.edits.push(Default::default()),
                ["weeks", weeks] => {
                    planted.volumes.get_or_insert_default().weeks = weeks.parse().unwrap();
                }
                ["contacts", reason, count] => {
                    let contacts = &mut planted.volumes.get_or_insert_default().contacts;
                    contacts.insert((*reason).to_owned(), count.parse().unwrap());
                }
                other => assert_eq!(other[0], "#", "not a line of an edit: {line}"),
            }
        }
        planted.edits.retain(|(old, _)| !old.is_empty());
        planted
    }

    fn applied(&self, to: &str) -> String {
        self.edits.iter().fold(to.to_owned(), |text, (old, new)| {
            // The last line of each may be a part of a line.
            let [old, new] = [old, new].map(|lines| lines.strip_suffix('\n').unwrap_or(lines));
            assert_eq!(text.matches(old).count(), 1, "{old:?} is there once");
            text.replace(old, new)
        })
    }
}

fn linted(text: &str, volumes: Option<&Volumes>, in_force: Option<&Taxonomy>) -> Linted {
    let draft = Draft::parse(text, "x.toml").unwrap_or_else(|mistakes| panic!("{}", mistakes[0]));
    lint(&draft, &LintSettings::default(), volumes, in_force)
}

#[test]
fn planted_faults() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let in_force = Taxonomy::parse(&clean(), "clean.toml").unwrap();
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "edit"));
    files.sort();
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let planted = Planted::read(&std::fs::read_to_string(&path).unwrap());
        let linted = linted(&planted.applied(&clean()), planted.volumes.as_ref(), Some(&in_force));
        let found: BTreeSet<_> = linted.findings.iter().map(|finding| finding.check.id()).collect();
        seen.extend(found.iter().copied());
        let named = name.split('_').next().unwrap();
        let expected = match name {
            "clean" | "L03_few" | "L15_learned" | "L15_reworded" => BTreeSet::new(),
            "A01_step" => BTreeSet::from(["L05"]),
            _ => BTreeSet::from([named]),
        };
        if found != expected {
            wrong.push(format!("{name}: found {found:?}"));
        }
        let mut got = String::new();
        for language in ["en", "es"] {
            for finding in &linted.findings {
                writeln!(got, "{}", finding.shown(&format!("{name}.toml"), language)).unwrap();
            }
        }
        let expected = path.with_extension("expected");
        if update {
            std::fs::write(&expected, &got).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or("missing".into()) != got {
            wrong.push(format!("{name}: expected {}, got:\n{got}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let all: BTreeSet<_> = Check::ALL.iter().map(|check| check.id()).collect();
    assert_eq!(seen, all, "each check has its fault");
}

#[test]
fn a_clean_file_has_no_findings() {
    let text = clean();
    for in_force in [None, Some(Taxonomy::parse(&text, "clean.toml").unwrap())] {
        assert_eq!(linted(&text, None, in_force.as_ref()).findings, []);
    }
}

/// The acceptance of the seed: one label fails, the other passes.
#[test]
fn a_label_that_names_no_step_fails() {
    let label = "No puedo pasar del paso 3 de la compra";
    let found = |other: &str| {
        let linted = linted(&clean().replace(label, other), None, None);
        let errors = linted.findings.into_iter().filter(|finding| finding.severity == Severity::Error);
        errors.map(|finding| (finding.check, finding.message.en)).collect::<Vec<_>>()
    };
    let failed = found("Problema web");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].0, Check::A01);
    assert!(failed[0].1.contains("no step or defect"), "{}", failed[0].1);
    assert_eq!(found("Problema en paso 3 de compra"), []);
}

/// Labels and what is said of their wording.
#[test]
fn wording() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("es", "¿Dónde está mi pedido?", &[]),
        ("es", "La app se cierra o no abre", &[]),
        ("es", "Internet va muy lento o se corta", &[]),
        ("es", "Borren mis datos personales", &[]),
        ("es", "¿Puedo pagar por teléfono?", &[]),
        ("es", "Necesito el IVA en la factura", &[]),
        ("es", "El artículo 3x2 no se descuenta", &[]),
        ("es", "¿Cómo va mi reclamación?", &[]),
        ("es", "Pedido no recibido", &["L05"]),
        ("es", "Estado de pedido", &["L05"]),
        ("es", "Facturación", &["A01"]),
        ("es", "Tengo un problema con mi pedido", &["A01"]),
        ("es", "Otros", &["A01"]),
        ("es", "Necesito ayuda con mi cuenta", &["A01"]),
        ("es", "Necesito la factura de mi compra", &[]),
        ("es", "Queja web", &["A01"]),
        ("es", "Quiero poner una queja del repartidor", &["L13"]),
        ("es", "No me llega el SMS de la clave", &[]),
        ("es", "Consulta por WhatsApp del saldo", &["L12"]),
        ("es", "No puedo enviar el form_17b", &["L06"]),
        ("en", "The app closes or does not open", &[]),
        ("en", "You promised to call me back and nobody called", &[]),
        ("en", "Call me back", &[]),
        ("en", "Call about a parcel that broke", &["L12"]),
        ("en", "Chat - it broke", &["L12"]),
        ("es", "Correo de confirmación que no me llega", &[]),
        ("en", "Can I order by phone?", &[]),
        ("en", "I don't get the confirmation e-mail", &[]),
        ("en", "How do I use my 2nd gift card at 24h stores?", &[]),
        ("en", "WHERE IS MY ORDER", &[]),
        ("en", "Delivery delay", &["L05"]),
        ("en", "Billing", &["A01"]),
        ("en", "I have a question about my account", &["A01"]),
        ("en", "Customer is angry that it broke", &["L13"]),
        ("en", "My SKUs don't show up", &["L06"]),
        ("en", "E42 when I save", &["L06"]),
        ("en", "Phone: it arrived broken", &["L12"]),
    ];
    let (es, en) = ("Me ha llegado roto", "It arrived broken");
    let mut wrong = Vec::new();
    for (language, label, expected) in cases {
        let text = clean().replace(if *language == "es" { es } else { en }, label);
        let found = linted(&text, None, None).findings.into_iter().map(|finding| finding.check);
        // Of labels that others have too, that is told as well.
        let found: Vec<_> = found.filter(|check| *check != Check::L07).map(Check::id).collect();
        if found != *expected {
            wrong.push(format!("{label}: {found:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What lint says of the taxonomies that come with the program, and nothing else.
#[test]
fn deployed_taxonomies() {
    for (file, expected) in
        [("retail.toml", vec!["L02 reach_person"]), ("bench.toml", vec!["L07 lost_luggage_status"])]
    {
        let text = std::fs::read_to_string(repository().join("deploy/taxonomies").join(file)).unwrap();
        let findings = linted(&text, None, Some(&deployed(file))).findings;
        let about = |finding: &Finding| match &finding.about {
            About::Reason(id) => format!("{} {id}", finding.check.id()),
            other => format!("{} {other:?}", finding.check.id()),
        };
        let shown: Vec<_> = findings.iter().map(|f| f.shown(file, "en").to_string()).collect();
        assert_eq!(findings.iter().map(about).collect::<Vec<_>>(), expected, "{}", shown.join("\n"));
    }
}

/// The page that describes the format shows a file that is one, and every check.
#[test]
fn the_page_on_taxonomies() {
    let page = std::fs::read_to_string(repository().join("docs/taxonomy.md")).unwrap();
    let (_, example) = page.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let found = linted(example, None, None).findings;
    assert_eq!(found.iter().map(|finding| finding.check).collect::<Vec<_>>(), [Check::L01]);
    for check in Check::ALL {
        assert!(page.contains(&format!("| {} | ", check.id())), "{} is missing", check.id());
    }
}

/// A file that contradicts itself cannot be published, but it can be reviewed.
#[test]
fn what_lint_reads_is_not_published() {
    let votes = "votes = { customer = \"value\", company = \"value\" }";
    let text = clean().replacen(votes, &format!("{votes}\ndisposition = \"eliminate\""), 1);
    let refused = Taxonomy::parse(&text, "x.toml").unwrap_err();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].message, "disposition `eliminate`, expected `leverage` as the votes say");
    let found = linted(&text, None, None).findings;
    assert_eq!(found.len(), 1);
    let place = &found[0].place;
    assert_eq!((found[0].check, place.line, place.column), (Check::L16, refused[0].line, refused[0].column));
}

#[test]
fn without_numbers_it_says_what_was_skipped() {
    let skipped = |volumes: Option<&Volumes>| -> BTreeSet<Check> {
        let skipped = linted(&clean(), volumes, None).skipped;
        skipped.iter().flat_map(|skipped| skipped.checks).copied().collect()
    };
    let by_numbers = [Check::L08, Check::L09, Check::L10];
    let always = BTreeSet::from([Check::L07, Check::L15]);
    assert_eq!(skipped(None), always.iter().copied().chain(by_numbers).collect());
    assert_eq!(skipped(Some(&Volumes::default())), skipped(None));
    let contacts = [("order_status".to_owned(), 1)].into();
    let few = Volumes { weeks: 7, contacts };
    assert_eq!(skipped(Some(&few)), always.iter().copied().chain([Check::L08]).collect());
}

#[test]
fn findings_are_limited_and_errors_come_first() {
    let reason = |n: usize| format!("[[reason]]\nid = 'r{n:04}'\nlabel.en = 'r'\n");
    let reasons = (0..limits::REASONS).map(reason).collect::<String>();
    let text = format!("name = 'x'\nversion = '1'\nlanguages = ['en']\n{reasons}");
    let last = text.rfind("'r'").unwrap();
    let vague = format!("{}'Other'\n", &text[..last]);
    let linted = linted(&vague, None, None);
    assert_eq!(linted.findings.len(), limits::FINDINGS);
    assert!(linted.untold > limits::REASONS);
    assert_eq!(linted.count(Severity::Error), 1);
}
