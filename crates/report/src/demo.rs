//! What the demo says at its end: each truth that was planted beside what the tables show, the rates before and
//! after each action, and where to look next.

use crate::Lang;
use domain::{Day, IsoWeek};

/// What the demo did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoSummary {
    /// Every truth.
    pub truths: Vec<Truth>,
    /// Every action that was shipped.
    pub ratios: Vec<BeforeAfter>,
    /// Absolute path of the weekly report in the reader's language.
    pub report: String,
    /// Absolute folder of the cut's tables.
    pub tables: String,
    /// Commands to try next.
    pub commands: Vec<String>,
}

/// One truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Its name: the same word in both languages' JSON.
    pub name: &'static str,
    /// What was planted.
    pub planted: Value,
    /// What the tables show.
    pub found: Value,
    /// Whether both agree, within the truth's tolerance.
    pub ok: bool,
}

/// What the demo is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The company and its source files are made.
    Made {
        /// Contacts.
        contacts: u64,
        /// Weeks.
        weeks: u64,
        /// Where its source files lie.
        folder: String,
    },
    /// A week's contacts are imported.
    Imported {
        /// The week.
        week: IsoWeek,
        /// Rows of its file.
        rows: u64,
        /// Of them refused.
        refused: u64,
    },
    /// The fold and the tables come next.
    Publishing,
    /// The report comes next.
    Reporting,
}

impl Progress {
    /// As a line for people.
    pub fn render(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Made { contacts, weeks, folder }, _) => {
                let contacts = lang.contacts(*contacts);
                let weeks = lang.count(*weeks, ("week", "weeks"), ("semana", "semanas"));
                match lang {
                    Lang::En => format!("Made a company with {contacts} in {weeks}: {folder}"),
                    Lang::Es => format!("Empresa creada, con {contacts} en {weeks}: {folder}"),
                }
            }
            (Self::Imported { week, rows, refused }, Lang::En) => {
                format!("{week}: {}, {} refused", lang.rows(*rows), lang.number(*refused))
            }
            (Self::Imported { week, rows, refused }, Lang::Es) => {
                format!("{week}: {}, {} rechazadas", lang.rows(*rows), lang.number(*refused))
            }
            (Self::Publishing, _) => {
                lang.pick("Publishing the tables …", "Publicando las tablas …").to_owned()
            }
            (Self::Reporting, _) => lang.pick("Writing the report …", "Escribiendo el informe …").to_owned(),
        }
    }
}

/// What was planted or found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    None,
    /// Of a thousand contacts, how many come on each weekday, from Monday.
    Weekdays([u64; 7]),
    /// Of a thousand contacts, how many come in each local hour.
    Hours([u64; 24]),
    /// How many thousandths more orders each week has than the one before.
    Growth(u64),
    /// Days on which a reason has many times its usual contacts.
    Spikes(Vec<SpikeDays>),
    /// Reasons on another level.
    Levels(Vec<Level>),
    /// Contacts that only change their reason.
    Moves(Vec<Shift>),
    /// Chains of three contacts and more.
    Chains {
        /// Chains.
        chains: u64,
        /// Contacts of all of them.
        contacts: u64,
    },
    /// Reasons.
    Reasons(Vec<String>),
    /// So many records.
    Records(u64),
    /// Merges.
    Merged {
        /// Pairs of customers who are one.
        customers: u64,
        /// Tickets that no longer count.
        tickets: u64,
    },
    /// Lines that were refused.
    Lines {
        /// Lines.
        lines: u64,
        /// Different reasons for refusing them.
        kinds: u64,
    },
}

/// Days on which a reason has many times its usual contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpikeDays {
    /// The reason.
    pub reason: String,
    /// The first day.
    pub first: Day,
    /// The last day.
    pub last: Day,
    /// Contacts, in percent of what is usual.
    pub percent: u64,
}

/// A reason on another level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The reason.
    pub reason: String,
    /// First week of the new level.
    pub week: IsoWeek,
    /// Contacts per order, in thousandths of before.
    pub permille: u64,
}

/// Contacts that change their reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The reason that loses them.
    pub from: String,
    /// The reason that gains them.
    pub to: String,
    /// First week.
    pub week: IsoWeek,
    /// What is left of the first one's contacts per order, in thousandths.
    pub permille: u64,
}

/// Contacts per order before and after an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeforeAfter {
    /// The reason.
    pub reason: String,
    /// Week of the action.
    pub week: IsoWeek,
    /// Contacts per million orders before.
    pub before_ppm: u64,
    /// Contacts per million orders after.
    pub after_ppm: u64,
    /// After in thousandths of before.
    pub permille: u64,
    /// Bounds of that, 95 %.
    pub bounds_permille: (u64, u64),
}

/// Names of the truths for people, English and Spanish.
#[rustfmt::skip] // a table
const LABELS: [(&str, &str, &str); 17] = [
    ("weekday_shape", "contacts by weekday", "contactos por día de la semana"),
    ("hour_shape", "contacts by hour", "contactos por hora"),
    ("order_growth", "growth in orders", "crecimiento de los pedidos"),
    ("spike_1", "first spike", "primer pico"),
    ("spike_2", "second spike", "segundo pico"),
    ("fix_works", "a fix that worked", "un arreglo que funcionó"),
    ("fix_nothing", "a fix that did nothing", "un arreglo sin efecto"),
    ("fix_moved", "a fix that moved contacts", "un arreglo que trasladó contactos"),
    ("chains", "chains of three and more", "cadenas de tres o más"),
    ("unowned_reason", "a reason without owner", "un motivo sin responsable"),
    ("late", "records that came late", "registros que llegaron tarde"),
    ("duplicated", "records delivered twice", "registros entregados dos veces"),
    ("corrected", "records corrected later", "registros corregidos después"),
    ("merged", "merged customers, tickets", "clientes y tickets fusionados"),
    ("malformed", "lines to be refused", "líneas que rechazar"),
    ("known_first", "asked about a known outage", "preguntas sobre una caída conocida"),
    ("leaks", "contacts after a failed session", "contactos tras una sesión fallida"),
];

impl DemoSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let mut out = table(&self.truth_rows(lang));
        if !self.ratios.is_empty() {
            out.push('\n');
            out.push_str(lang.pick(
                "Contacts per 100 orders before and after each action; the week of the action is left out:\n",
                "Contactos por cada 100 pedidos antes y después de cada acción, sin contar la semana de la acción:\n",
            ));
            out.push_str(&table(&self.ratio_rows(lang)));
        }
        let report = lang.pick("Report", "Informe");
        let tables = lang.pick("Tables", "Tablas");
        let next = lang.pick("Try next:", "Y ahora:");
        out.push_str(&format!("\n{report}: {}\n{tables}: {}\n\n{next}\n", self.report, self.tables));
        self.commands.iter().for_each(|command| out.push_str(&format!("  {command}\n")));
        out
    }

    fn truth_rows(&self, lang: Lang) -> Vec<Vec<String>> {
        let header = [
            lang.pick("truth", "verdad"),
            lang.pick("planted", "plantado"),
            lang.pick("found", "encontrado"),
            lang.pick("ok", "correcto"),
        ];
        let row = |truth: &Truth| {
            let ok = if truth.ok { lang.pick("yes", "sí") } else { lang.pick("NO", "NO") };
            vec![label(truth.name, lang), truth.planted.render(lang), truth.found.render(lang), ok.to_owned()]
        };
        std::iter::once(header.map(str::to_owned).to_vec()).chain(self.truths.iter().map(row)).collect()
    }

    fn ratio_rows(&self, lang: Lang) -> Vec<Vec<String>> {
        let header = [
            lang.pick("reason", "motivo"),
            lang.pick("week", "semana"),
            lang.pick("before", "antes"),
            lang.pick("after", "después"),
            lang.pick("ratio", "proporción"),
            "95 %",
        ];
        let row = |r: &BeforeAfter| {
            let per_hundred = |ppm: u64| fixed(lang, (ppm + 5) / 10, 3);
            let ((low, high), times) = (r.bounds_permille, |permille| hundredths(lang, permille));
            vec![
                r.reason.clone(),
                r.week.to_string(),
                per_hundred(r.before_ppm),
                per_hundred(r.after_ppm),
                times(r.permille),
                format!("{}–{}", times(low), times(high)),
            ]
        };
        std::iter::once(header.map(str::to_owned).to_vec()).chain(self.ratios.iter().map(row)).collect()
    }
}

impl Value {
    /// As text; `none` is the word that programs look for.
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::None => lang.pick("none", "nada").to_owned(),
            Self::Weekdays(permille) => {
                let shares: Vec<String> = permille.iter().map(|n| fixed(lang, *n, 1)).collect();
                format!("{} %", shares.join(" "))
            }
            Self::Hours(permille) => peaks(permille, lang),
            Self::Growth(permille) => {
                format!("+{} % {}", fixed(lang, *permille, 1), lang.pick("a week", "por semana"))
            }
            Self::Spikes(spikes) => list(spikes, |spike| spike.render(lang)),
            Self::Levels(levels) => list(levels, |level| {
                format!("{} {} ×{}", level.reason, level.week, hundredths(lang, level.permille))
            }),
            Self::Moves(moves) => list(moves, |moved| {
                format!("{} ×{} → {} {}", moved.from, hundredths(lang, moved.permille), moved.to, moved.week)
            }),
            Self::Chains { chains, contacts } => {
                let chains = lang.count(*chains, ("chain", "chains"), ("cadena", "cadenas"));
                format!("{chains}, {}", lang.contacts(*contacts))
            }
            Self::Reasons(reasons) => list(reasons, String::clone),
            Self::Records(records) => lang.records(*records),
            Self::Merged { customers, tickets } => {
                let pairs = lang.count(*customers, ("pair", "pairs"), ("pareja", "parejas"));
                format!("{pairs}, {}", lang.count(*tickets, ("ticket", "tickets"), ("ticket", "tickets")))
            }
            Self::Lines { lines, kinds } => {
                let lines = lang.count(*lines, ("line", "lines"), ("línea", "líneas"));
                format!("{lines}, {}", lang.count(*kinds, ("kind", "kinds"), ("clase", "clases")))
            }
        }
    }
}

impl SpikeDays {
    fn render(&self, lang: Lang) -> String {
        let Self { reason, first, last, percent } = self;
        let days = if first == last { first.to_string() } else { format!("{first}…{last}") };
        format!("{reason} {days} ×{}", fixed(lang, (percent + 5) / 10, 1))
    }
}

fn label(name: &str, lang: Lang) -> String {
    let found = LABELS.iter().find(|(known, ..)| *known == name);
    found.map_or(name, |(_, en, es)| lang.pick(en, es)).to_owned()
}

fn list<T>(items: &[T], render: impl Fn(&T) -> String) -> String {
    items.iter().map(render).collect::<Vec<_>>().join(", ")
}

/// The highest hour of the morning and of the afternoon.
fn peaks(permille: &[u64; 24], lang: Lang) -> String {
    // Siesta divides the day: 14:00 to 16:00 is the valley between both.
    let highest = |hours: std::ops::Range<usize>| {
        let hour = hours.max_by_key(|hour| (permille[*hour], std::cmp::Reverse(*hour))).unwrap_or(0);
        format!("{hour} h {} %", fixed(lang, permille[hour], 1))
    };
    format!("{}, {}", highest(0..15), highest(15..24))
}

/// Thousandths with two digits after the point.
fn hundredths(lang: Lang, permille: u64) -> String {
    fixed(lang, (permille + 5) / 10, 2)
}

/// A number in units of its last digit, of which so many stand after the point.
fn fixed(lang: Lang, n: u64, digits: usize) -> String {
    let padded = format!("{n:0width$}", width = digits + 1);
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    format!("{whole}{}{fraction}", lang.pick(".", ","))
}

/// Rows of equally many cells, the first row a header, columns aligned to the left.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}
