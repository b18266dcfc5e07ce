//! A made-up shop and its weeks: what the report's tests and its example show. Every total is counted from the
//! rows, so that the figures of one report agree with each other.

use domain::{
    Channel, CutId, Day, Disposition, EpochId, Instant, IsoWeek, Mechanism, RejectKind, UNCLASSIFIED, Zone,
};
use report::weekly::*;

/// Reasons of the shop, a line each.
const REASONS: &str = include_str!("reasons.txt");

const OWNERS: &[(&str, &str, &str)] = &[
    ("logistics", "Logística y envíos", "Logistics and shipping"),
    ("web", "Web y app", "Web and app"),
    ("payments", "Facturación y cobros", "Billing and payments"),
    ("returns", "Devoluciones", "Returns"),
    ("warehouse", "Almacén", "Warehouse"),
    ("catalogue", "Catálogo y surtido", "Catalogue and stock"),
    ("stores", "Tiendas", "Stores"),
    ("repairs", "Taller y garantías", "Repairs and warranty"),
    ("marketing", "Marketing y fidelización", "Marketing and loyalty"),
    ("legal", "Legal y privacidad", "Legal and privacy"),
    (UNOWNED, "Sin responsable", "No owner yet"),
];

/// ISO week number, contacts, avoidable, orders.
const WEEKS: &[(i8, u64, u64, u64)] = &[
    (8, 9_640, 6_120, 151_200),
    (9, 9_712, 6_190, 152_800),
    (10, 9_866, 6_310, 154_100),
    (11, 9_701, 6_150, 153_300),
    (12, 10_422, 6_890, 155_000),
    (13, 11_684, 8_120, 149_800),
    (14, 9_905, 6_240, 144_600),
    (15, 9_988, 6_330, 156_900),
    (16, 10_021, 6_390, 158_200),
    (17, 10_104, 6_480, 159_400),
    (18, 10_066, 6_500, 157_700),
];

const CENT: u64 = 10_000;
const UNITS: u64 = 162_480;
const UNITS_BEFORE: u64 = 158_900;

pub fn day(text: &str) -> Day {
    Day::parse(text).expect(text)
}

pub fn week(number: i8) -> IsoWeek {
    IsoWeek::new(2026, number).expect("a week of the year")
}

pub fn named(id: &str, es: &str, en: &str) -> Named {
    Named { id: id.into(), es: Some(es.into()), en: Some(en.into()) }
}

fn owner_named(id: &str) -> Named {
    let (id, es, en) = OWNERS.iter().find(|o| o.0 == id).copied().expect(id);
    named(id, es, en)
}

/// A reason from its line: id, Spanish, English, owner, disposition, contacts, last week's, avoidable, repeats,
/// and the cost of a contact in cents.
fn reason_of(line: &str) -> ParetoReason {
    let fields: Vec<&str> = line.split('|').collect();
    let [id, es, en, owner, disposition, figures @ ..] = fields.as_slice() else { panic!("{line}") };
    let figures: Vec<u64> = figures.iter().map(|n| n.parse().expect(line)).collect();
    let [contacts, contacts_before, dumb, repeats, cents] = figures[..] else { panic!("{line}") };
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let cpx = Some(100.0 * contacts as f64 / UNITS as f64);
    ParetoReason {
        reason: named(id, es, en),
        owner: owner_named(owner),
        disposition: Disposition::from_word(disposition),
        contacts,
        cumulative: 0,
        total: 0,
        vital: false,
        dumb,
        repeats,
        unit: Some("orders".into()),
        cpx,
        cost_micros: Some(contacts * cents * CENT),
        contacts_before,
    }
}

/// The first so many reasons of the shop, and what has none.
fn reasons(most: usize) -> Vec<ParetoReason> {
    let lines = REASONS.lines().skip(1);
    let (none, named): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with(UNCLASSIFIED));
    ranked(named.into_iter().take(most).chain(none).map(reason_of).collect())
}

/// Rows in the order of the query, with what is counted over them.
pub fn ranked(mut rows: Vec<ParetoReason>) -> Vec<ParetoReason> {
    rows.sort_by(|a, b| b.contacts.cmp(&a.contacts).then(a.reason.id.cmp(&b.reason.id)));
    let total: u64 = rows.iter().map(|r| r.contacts).sum();
    let mut cumulative = 0;
    for row in &mut rows {
        row.vital = cumulative * 100 < total * 80;
        cumulative += row.contacts;
        (row.cumulative, row.total) = (cumulative, total);
    }
    rows
}

fn sum<T>(rows: &[T], of: fn(&T) -> u64) -> u64 {
    rows.iter().map(of).sum()
}

fn owners(reasons: &[ParetoReason]) -> Vec<OwnerStatement> {
    let mut out: Vec<OwnerStatement> = Vec::new();
    for (id, ..) in OWNERS {
        let own: Vec<ParetoReason> = reasons.iter().filter(|r| r.owner.id == *id).cloned().collect();
        if own.is_empty() {
            continue;
        }
        let (contacts, contacts_before) = (sum(&own, |r| r.contacts), sum(&own, |r| r.contacts_before));
        let cost = sum(&own, |r| r.cost_micros.unwrap_or(0));
        out.push(OwnerStatement {
            owner: owner_named(id),
            reasons: own.len() as u64,
            contacts,
            contacts_before,
            dumb: sum(&own, |r| r.dumb),
            repeats: sum(&own, |r| r.repeats),
            costed: contacts,
            cost_micros: Some(cost),
            cost_micros_before: Some(cost / contacts.max(1) * contacts_before),
        });
    }
    out.sort_by_key(|o| std::cmp::Reverse((o.cost_micros, o.contacts)));
    out
}

fn mover(reason: &ParetoReason) -> Mover {
    let signed = |n: u64| i64::try_from(n).expect("a small count");
    let change = signed(reason.contacts) - signed(reason.contacts_before);
    let (before, units, units_before) = (signed(reason.contacts_before), signed(UNITS), signed(UNITS_BEFORE));
    let growth = (2 * before * (units - units_before) + units_before) / (2 * units_before);
    Mover {
        reason: reason.reason.clone(),
        owner: Named { id: String::new(), ..reason.owner.clone() },
        unit: Some("orders".into()),
        contacts: reason.contacts,
        contacts_before: reason.contacts_before,
        change,
        growth_effect: Some(growth),
        rate_effect: Some(change - growth),
    }
}

/// The five largest rate effects and the five most negative ones.
pub fn movers(reasons: &[ParetoReason]) -> Vec<Mover> {
    let mut all: Vec<Mover> = reasons.iter().map(mover).collect();
    all.sort_by_key(|m| std::cmp::Reverse(m.rate_effect));
    let up: Vec<Mover> = all.iter().filter(|m| m.rate_effect > Some(0)).take(5).cloned().collect();
    let down: Vec<Mover> = all.iter().filter(|m| m.rate_effect < Some(0)).cloned().collect();
    let worst = down.len().saturating_sub(5);
    up.into_iter().chain(down.into_iter().skip(worst)).collect()
}

fn trend(reasons: &[ParetoReason]) -> Vec<TrendWeek> {
    let (now, before) = (sum(reasons, |r| r.contacts), sum(reasons, |r| r.contacts_before));
    let dumb = sum(reasons, |r| r.dumb);
    let last = [(19, before, dumb * 89 / 100, UNITS_BEFORE), (20, now, dumb, UNITS)];
    let line = |(number, contacts, dumb, units): (i8, u64, u64, u64)| TrendWeek {
        iso_week: week(number),
        monday: week(number).monday(),
        complete: true,
        contacts,
        dumb,
        units: Some(units),
        cost_micros: Some(contacts * 412 * CENT),
    };
    // The weeks of the shop, at the size of these reasons.
    let scaled = |n: u64| n * before / 10_231;
    let weeks = WEEKS
        .iter()
        .map(|(number, contacts, dumb, units)| (*number, scaled(*contacts), scaled(*dumb), *units));
    weeks.chain(last).map(line).collect()
}

fn headline(reasons: &[ParetoReason], trend: &[TrendWeek]) -> Headline {
    let (now, before) = (sum(reasons, |r| r.contacts), sum(reasons, |r| r.contacts_before));
    let cost = sum(reasons, |r| r.cost_micros.unwrap_or(0));
    let four = trend.get(trend.len() - 5..trend.len() - 1).expect("four weeks before");
    let dumb_before = trend.get(trend.len() - 2).map(|w| w.dumb);
    Headline {
        iso_week: week(20),
        monday: day("2026-05-11"),
        complete: true,
        contacts: Compared { week: now, before: Some(before), mean4_sum: Some(sum(four, |w| w.contacts)) },
        dumb: Compared {
            week: sum(reasons, |r| r.dumb),
            before: dumb_before,
            mean4_sum: Some(sum(four, |w| w.dumb)),
        },
        repeats: Compared {
            week: sum(reasons, |r| r.repeats),
            before: Some(before * 166 / 1_000),
            mean4_sum: Some(before * 4 * 164 / 1_000),
        },
        customers: now * 83 / 100,
        provisional: now,
        unclassified: reasons.iter().filter(|r| r.reason.is_unclassified()).map(|r| r.contacts).sum(),
        handled: now.saturating_sub(214),
        handle_ms: Some(now.saturating_sub(214) * 318_400),
        costed: Compared { week: now, before: Some(before), mean4_sum: Some(sum(four, |w| w.contacts)) },
        cost_micros: Compared {
            week: Some(cost),
            before: Some(cost / now.max(1) * before),
            mean4_sum: Some(sum(four, |w| w.cost_micros.unwrap_or(0))),
        },
        dumb_cost_micros: Some(
            reasons.iter().map(|r| r.cost_micros.unwrap_or(0) / r.contacts.max(1) * r.dumb).sum(),
        ),
        currency: Some("EUR".into()),
        unit: Some("orders".into()),
        units: Compared {
            week: Some(UNITS),
            before: Some(UNITS_BEFORE),
            mean4_sum: Some(sum(four, |w| w.units.unwrap_or(0))),
        },
        unit_days: 7,
        mean4_weeks: 4,
        mean4_unit_weeks: 4,
        mean4_cost_weeks: 4,
    }
}

fn snowball_reasons(reasons: &[ParetoReason]) -> Vec<SnowballReason> {
    let mut rows: Vec<&ParetoReason> = reasons.iter().filter(|r| r.repeats > 0).collect();
    rows.sort_by(|a, b| b.repeats.cmp(&a.repeats).then(a.reason.id.cmp(&b.reason.id)));
    let line = |r: &ParetoReason| SnowballReason {
        reason: r.reason.clone(),
        repeats: r.repeats,
        chains: r.repeats * 5 / 8,
        cost_micros: Some(r.repeats * 466 * CENT),
    };
    rows.into_iter().take(8).map(line).collect()
}

fn snowball_chains(reasons: &[ParetoReason]) -> Vec<SnowballChain> {
    let chains = [
        ("9f0c2a51-8f3e-5c11-9d77-0c6a4f1b2e10", "late_delivery", 11, 4, "2026-04-22", "2026-05-16", false),
        ("1b6f77d2-0c2b-5a4e-8a31-7f2d9c5e6a02", "order_status", 9, 3, "2026-04-28", "2026-05-17", false),
        ("c4d81e90-5b7a-5f23-b1c8-2e9a7d3f4b65", "double_charge", 8, 3, "2026-05-02", "2026-05-15", false),
        ("77a3e5b4-9d1c-5e80-a6f2-4b8c1d0e9f37", "warranty_claim", 7, 2, "2026-04-20", "2026-05-11", true),
        ("e20b9c68-3f4d-5b97-8e15-6a7c2f1d0b48", "refund_when", 7, 2, "2026-05-01", "2026-05-14", false),
    ];
    // A week without the reason has another one there.
    let label =
        |id: &str| reasons.iter().find(|r| r.reason.id == id).or(reasons.first()).map(|r| r.reason.clone());
    let line =
        |(root, reason, contacts, channels, from, to, melted): (&str, &str, u64, u64, &str, &str, bool)| {
            SnowballChain {
                chain_root: root.into(),
                reason: label(reason).unwrap_or_else(|| named(reason, reason, reason)),
                contacts,
                channels,
                started_on: day(from),
                last_on: day(to),
                melted,
                cost_micros: Some(contacts * 512 * CENT),
            }
        };
    chains.into_iter().map(line).collect()
}

fn mechanisms(reasons: &[ParetoReason]) -> Vec<MechanismCount> {
    use Mechanism::*;
    let dumb = sum(reasons, |r| r.dumb);
    // Permille of the avoidable contacts this week and last, micro-units of each.
    let parts = [
        (StatusChase, 394, 364, 4_210_000),
        (Repeat, 255, 224, 4_660_000),
        (SiteBlocked, 155, 86, 4_050_000),
        (CompanyError, 151, 148, 5_380_000),
        (PublicInfo, 135, 131, 3_020_000),
        (PreventableByNotice, 81, 79, 4_330_000),
        (BrokenPromise, 57, 53, 4_780_000),
        (SelfServiceFailed, 27, 26, 3_900_000),
        (PolicyMade, 16, 18, 3_310_000),
        (ReaskedData, 12, 9, 4_120_000),
        (SiteHowto, 9, 9, 3_640_000),
        (WrongRoute, 2, 3, 4_450_000),
    ];
    let line = |(mechanism, now, before, each): (Mechanism, u64, u64, u64)| {
        let contacts = dumb * now / 1_000;
        let contacts_before = dumb * before / 1_000;
        MechanismCount { mechanism, contacts, contacts_before, cost_micros: Some(contacts * each) }
    };
    parts.into_iter().map(line).collect()
}

/// Contacts that a word could have spared; of every third of them the cause was on record.
fn known_first(reasons: &[ParetoReason]) -> (KnownFirst, Vec<KnownFirstReason>) {
    let ids = ["order_status", "late_delivery", "refund_when", "repair_status"];
    let line =
        |r: &ParetoReason| KnownFirstReason { reason: r.reason.clone(), contacts: r.dumb, known: r.dumb / 3 };
    let mut rows: Vec<_> = reasons.iter().filter(|r| ids.contains(&r.reason.id.as_str())).map(line).collect();
    rows.sort_by(|a, b| b.contacts.cmp(&a.contacts).then(a.reason.id.cmp(&b.reason.id)));
    let (contacts, known) = (sum(&rows, |r| r.contacts), sum(&rows, |r| r.known));
    rows.truncate(3);
    let lead = |seconds| (known > 0).then_some(seconds);
    let all = KnownFirst {
        contacts,
        known,
        noticed: contacts / 50,
        lead_p50_s: lead(19_380),
        lead_max_s: lead(561_600),
    };
    (all, rows)
}

/// Most companies have none of these.
fn self_service() -> (SelfService, Vec<SelfServiceStep>) {
    let steps = [
        ("checkout", Some("3"), 2_210, 1_904, 611, 402),
        ("returns", Some("label"), 1_020, 987, 188, 96),
        ("account", Some("sign-in"), 3_480, 1_122, 140, 57),
        ("help/opening-hours", None, 640, 88, 31, 21),
        ("checkout", None, 74, 61, 19, 7),
    ];
    let line =
        |(path, step, sessions, known, contacted, leaked): (&str, Option<&str>, u64, u64, u64, u64)| {
            let ended = SelfService { sessions, known, contacted, leaked };
            SelfServiceStep { path: path.into(), step: step.map(str::to_owned), ended }
        };
    let steps: Vec<SelfServiceStep> = steps.map(line).into();
    let all = SelfService {
        sessions: sum(&steps, |s| s.ended.sessions) + 41_200,
        known: sum(&steps, |s| s.ended.known) + 18_440,
        contacted: sum(&steps, |s| s.ended.contacted) + 802,
        leaked: sum(&steps, |s| s.ended.leaked),
    };
    (all, steps)
}

fn channels(reasons: &[ParetoReason]) -> Vec<ChannelCount> {
    let (all, dumb) = (sum(reasons, |r| r.contacts), sum(reasons, |r| r.dumb));
    let shares = [
        (Channel::Phone, 412, 5_630_000),
        (Channel::Email, 231, 4_120_000),
        (Channel::Chat, 174, 3_010_000),
        (Channel::Whatsapp, 121, 2_640_000),
        (Channel::WebForm, 47, 3_980_000),
        (Channel::Social, 14, 4_400_000),
    ];
    let line = |(channel, permille, each): (Channel, u64, u64)| {
        let contacts = all * permille / 1_000;
        ChannelCount {
            channel,
            contacts,
            contacts_before: contacts * 93 / 100,
            dumb: dumb * permille / 1_000,
            cost_micros: Some(contacts * each),
        }
    };
    let mut out: Vec<_> = shares.into_iter().map(line).collect();
    let rest = all - sum(&out, |c| c.contacts);
    let in_person = ChannelCount {
        channel: Channel::InPerson,
        contacts: rest,
        contacts_before: rest + 1,
        dumb: dumb - sum(&out, |c| c.dumb),
        cost_micros: None,
    };
    out.push(in_person);
    out
}

pub fn provenance() -> Provenance {
    Provenance {
        cut: CutId::from_bytes([0x4b, 0x1f, 0x92, 0xc0, 0x7d, 0x35, 0xe8, 0x61]),
        epoch: EpochId::from_bytes([0xa7, 0x03, 0xd4, 0x5e, 0x19, 0xbc, 0x62, 0xf0]),
        as_of: Instant::parse_rfc3339("2026-05-18T00:00:00+02:00").expect("an instant"),
        zone: Zone::named("Europe/Madrid").expect("a zone"),
        taxonomy_name: "retail".into(),
        taxonomy_version: "4".into(),
        taxonomy_sha256: "5d41c0f2a9b76e8831d0c4af92e7b6153c08dd7f4a61be2957f3c2e18a90b4d6".into(),
        manifest_sha256: "c83be01f7a2d945e60b1f8c3d7294ae5f16c0b8d3e92a74f5d18c6b07e93a1f2".into(),
        version: "0.1.0".into(),
        restated: vec![],
        taxonomy_changes: vec![],
        maturity_days: 30,
        chain_window_days: 7,
        self_service_window_s: 86_400,
    }
}

/// An ordinary week with everything in it.
pub fn shop() -> Weekly {
    let (self_service, self_service_steps) = self_service();
    Weekly { self_service, self_service_steps, ..week_of(reasons(usize::MAX)) }
}

/// The same with few reasons, for what needs no more.
pub fn corner() -> Weekly {
    week_of(reasons(7))
}

/// A week of these reasons.
pub fn week_of(pareto: Vec<ParetoReason>) -> Weekly {
    let trend = trend(&pareto);
    let headline = headline(&pareto, &trend);
    let contacts = headline.contacts.week;
    let (known_first, known_first_reasons) = known_first(&pareto);
    Weekly {
        known_first,
        known_first_reasons,
        self_service: SelfService::default(),
        self_service_steps: vec![],
        trend,
        movers: movers(&pareto),
        snowball_reasons: snowball_reasons(&pareto),
        snowball_chains: snowball_chains(&pareto),
        owners: owners(&pareto),
        mechanisms: mechanisms(&pareto),
        channels: channels(&pareto),
        quality: Quality {
            contacts,
            unclassified: headline.unclassified,
            anonymous: contacts * 31 / 1_000,
            not_costed: 0,
            late: contacts * 3 / 1_000,
            unowned: pareto.iter().filter(|r| r.owner.is_unowned()).map(|r| r.contacts).sum(),
        },
        refused: vec![
            RefusedCount { kind: RejectKind::BadTime, inputs: 41 },
            RefusedCount { kind: RejectKind::Malformed, inputs: 23 },
            RefusedCount { kind: RejectKind::Conflict, inputs: 7 },
        ],
        provenance: provenance(),
        headline,
        pareto,
    }
}

/// Every week that the tests look at, by name.
pub fn all() -> Vec<(&'static str, Weekly)> {
    vec![
        ("shop", shop()),
        ("empty", empty()),
        ("first", first()),
        ("no_units", no_units()),
        ("no_unit", no_unit()),
        ("no_costs", no_costs()),
        ("small", small()),
        ("unfinished", unfinished()),
        ("restated", restated()),
        ("hostile", hostile()),
        ("many", many()),
        ("one", one()),
    ]
}

/// Nobody came.
fn empty() -> Weekly {
    let mut weekly = week_of(Vec::new());
    let h = &mut weekly.headline;
    h.contacts = Compared { week: 0, before: Some(5_509), mean4_sum: Some(22_131) };
    h.dumb = Compared { week: 0, before: Some(3_402), mean4_sum: Some(14_120) };
    h.costed = h.contacts;
    (h.customers, h.provisional, h.unclassified, h.handled) = (0, 0, 0, 0);
    (h.handle_ms, h.cost_micros.week, h.dumb_cost_micros) = (None, None, None);
    weekly.quality =
        Quality { contacts: 0, unclassified: 0, anonymous: 0, not_costed: 0, late: 0, unowned: 0 };
    (weekly.mechanisms, weekly.channels, weekly.refused) = (vec![], vec![], vec![]);
    weekly.snowball_chains.clear();
    let ordinary = corner();
    weekly.trend = ordinary.trend;
    weekly.trend.iter_mut().rev().take(1).for_each(|w| (w.contacts, w.dumb, w.cost_micros) = (0, 0, None));
    weekly.headline.cost_micros = Compared { week: None, ..ordinary.headline.cost_micros };
    let gone = ordinary.pareto.into_iter().map(|r| ParetoReason { contacts: 0, ..r });
    weekly.movers = movers(&gone.collect::<Vec<_>>());
    weekly
}

fn forget_before<T>(figure: &mut Compared<T>) {
    (figure.before, figure.mean4_sum) = (None, None);
}

/// Nothing came before.
fn first() -> Weekly {
    let mut weekly = corner();
    let h = &mut weekly.headline;
    for figure in [&mut h.contacts, &mut h.dumb, &mut h.repeats, &mut h.costed] {
        forget_before(figure);
    }
    for figure in [&mut h.units, &mut h.cost_micros] {
        forget_before(figure);
    }
    (h.mean4_weeks, h.mean4_unit_weeks, h.mean4_cost_weeks) = (0, 0, 0);
    weekly.trend = weekly.trend.split_off(12);
    weekly.movers.clear();
    weekly.pareto.iter_mut().for_each(|r| r.contacts_before = 0);
    weekly.mechanisms.iter_mut().for_each(|m| m.contacts_before = 0);
    weekly.channels.iter_mut().for_each(|c| c.contacts_before = 0);
    weekly.owners.iter_mut().for_each(|o| (o.contacts_before, o.cost_micros_before) = (0, None));
    weekly
}

/// The taxonomy names a unit, and nobody imported its counts.
fn no_units() -> Weekly {
    let mut weekly = corner();
    weekly.headline.units = Compared { week: None, before: None, mean4_sum: None };
    (weekly.headline.unit_days, weekly.headline.mean4_unit_weeks) = (0, 0);
    // Nobody of these is known.
    weekly.self_service = SelfService { sessions: 412, ..SelfService::default() };
    weekly.trend.iter_mut().for_each(|w| w.units = None);
    weekly.pareto.iter_mut().for_each(|r| r.cpx = None);
    weekly.movers.iter_mut().for_each(|m| (m.growth_effect, m.rate_effect) = (None, None));
    weekly.movers.sort_by_key(|m| std::cmp::Reverse(m.change));
    weekly
}

/// The taxonomy names no unit, but one reason does.
fn no_unit() -> Weekly {
    let mut weekly = no_units();
    weekly.headline.unit = None;
    weekly.pareto.iter_mut().for_each(|r| r.unit = None);
    weekly.movers.iter_mut().for_each(|m| m.unit = None);
    let shipped = weekly.pareto.iter_mut().find(|r| r.reason.id == "late_delivery").expect("there");
    (shipped.unit, shipped.cpx) = (Some("shipments".into()), Some(0.737_5));
    weekly
}

/// No rate was set.
fn no_costs() -> Weekly {
    let mut weekly = corner();
    let h = &mut weekly.headline;
    (h.costed, h.currency, h.dumb_cost_micros) = (Compared::default(), None, None);
    h.cost_micros = Compared::default();
    h.mean4_cost_weeks = 0;
    weekly.trend.iter_mut().for_each(|w| w.cost_micros = None);
    weekly.pareto.iter_mut().for_each(|r| r.cost_micros = None);
    weekly.owners.iter_mut().for_each(|o| (o.costed, o.cost_micros, o.cost_micros_before) = (0, None, None));
    weekly.owners.sort_by_key(|o| std::cmp::Reverse(o.contacts));
    weekly.snowball_reasons.iter_mut().for_each(|r| r.cost_micros = None);
    weekly.snowball_chains.iter_mut().for_each(|c| c.cost_micros = None);
    weekly.mechanisms.iter_mut().for_each(|m| m.cost_micros = None);
    weekly.channels.iter_mut().for_each(|c| c.cost_micros = None);
    weekly.quality.not_costed = weekly.quality.contacts;
    weekly
}

/// Too few contacts for any percentage.
fn small() -> Weekly {
    let lines = [
        "order_status|¿Dónde está mi pedido?|Where is my order?|logistics|eliminate|9|4|7|1|388",
        "refund_when|¿Cuándo me devolvéis el dinero?|When do I get my money back?|payments||1|0|1|0|405",
    ];
    let mut weekly = week_of(ranked(lines.map(reason_of).to_vec()));
    let h = &mut weekly.headline;
    h.contacts = Compared { week: 10, before: Some(4), mean4_sum: Some(21) };
    h.dumb = Compared { week: 8, before: Some(2), mean4_sum: Some(11) };
    h.repeats = Compared { week: 1, before: Some(0), mean4_sum: Some(2) };
    h.costed = h.contacts;
    h.cost_micros =
        Compared { week: Some(38_970_000), before: Some(15_520_000), mean4_sum: Some(81_480_000) };
    (h.customers, h.handled, h.unclassified, h.handle_ms) = (1, 10, 0, Some(3_184_000));
    h.units = Compared { week: Some(96), before: Some(81), mean4_sum: Some(340) };
    h.mean4_weeks = 3;
    (h.mean4_unit_weeks, h.mean4_cost_weeks) = (3, 3);
    weekly.trend = weekly.trend.split_off(10);
    for (at, line) in weekly.trend.iter_mut().enumerate() {
        let n = at as u64;
        (line.contacts, line.dumb, line.units, line.cost_micros) = (7 + n, 5 + n, Some(90), Some(30_000_000));
    }
    weekly.mechanisms.truncate(1);
    weekly.mechanisms.iter_mut().for_each(|m| (m.contacts, m.contacts_before) = (7, 2));
    weekly.channels.truncate(1);
    weekly.channels.iter_mut().for_each(|c| (c.contacts, c.contacts_before, c.dumb) = (10, 4, 8));
    weekly.quality =
        Quality { contacts: 10, unclassified: 0, anonymous: 2, not_costed: 0, late: 0, unowned: 0 };
    weekly.refused.truncate(1);
    weekly.snowball_chains.clear();
    weekly.known_first =
        KnownFirst { contacts: 7, known: 1, noticed: 1, lead_p50_s: Some(5_400), lead_max_s: Some(5_400) };
    weekly.known_first_reasons.truncate(1);
    weekly.known_first_reasons.iter_mut().for_each(|r| (r.contacts, r.known) = (7, 1));
    weekly.self_service = SelfService { sessions: 6, known: 4, contacted: 1, leaked: 1 };
    weekly.self_service_steps = vec![SelfServiceStep {
        path: "checkout".into(),
        step: Some("3".into()),
        ended: SelfService { sessions: 2, known: 2, contacted: 1, leaked: 1 },
    }];
    weekly
}

/// Wednesday of the week.
fn unfinished() -> Weekly {
    let mut weekly = corner();
    weekly.headline.complete = false;
    weekly.headline.unit_days = 3;
    weekly.provenance.as_of = Instant::parse_rfc3339("2026-05-13T18:30:00+02:00").expect("an instant");
    weekly.trend.iter_mut().rev().take(1).for_each(|w| w.complete = false);
    weekly
}

/// Published before with other figures; a third of the contacts is mature, some have no cost.
fn restated() -> Weekly {
    let mut weekly = corner();
    let now = WeekFigures::from(weekly.trend.last().expect("a week"));
    let was = WeekFigures { contacts: now.contacts - 12, dumb: now.dumb + 1, cost_micros: None, ..now };
    let again = |iso_week, other_epoch| Restated { iso_week, was, now, other_epoch };
    weekly.provenance.restated =
        vec![again(week(17), false), again(week(18), true), again(weekly.headline.iso_week, false)];
    weekly.provenance.taxonomy_changes = vec![TaxonomyChange {
        at: Instant::parse_rfc3339("2026-05-12T08:00:00Z").expect("an instant"),
        from: "retail 1".to_owned(),
        to: "retail 2".to_owned(),
        other_epoch: Some("0123456789abcdef".to_owned()),
    }];
    weekly.headline.provisional = 4_412;
    weekly.headline.costed.week -= 812;
    weekly.quality.not_costed = 812;
    weekly.quality.unclassified = 98;
    // Self-service as one would wish it, and nothing known before.
    weekly.self_service = SelfService { sessions: 412, known: 388, contacted: 0, leaked: 0 };
    weekly.known_first = KnownFirst { contacts: weekly.known_first.contacts, ..KnownFirst::default() };
    weekly.known_first_reasons.iter_mut().for_each(|r| r.known = 0);
    weekly.headline.unit_days = 6;
    weekly.headline.unit = Some("club_visits".into());
    weekly
}

/// Names that would like to be something else.
fn hostile() -> Weekly {
    let mut weekly = shop();
    let names = [
        "<script>alert('a')</script>",
        "أين طلبي؟ متى يصل",
        "\"><img src=x onerror=alert(1)>",
        "\u{202e}txet desrever\u{202c} `code`",
        "\u{1b}[31mred\u{1b}[0m\r\nSubject: two",
        "日本語のとても長い理由の名前",
    ];
    let long = "A very long label that goes on and on & on ".repeat(5);
    let wordless = "x".repeat(200);
    let all: Vec<&str> = names.into_iter().chain([long.as_str(), wordless.as_str()]).collect();
    let renamed = |named: &mut Named, at: usize| {
        let name = all.iter().cycle().nth(at).map(|n| (*n).to_owned());
        (named.es, named.en) = (name.clone(), name);
    };
    weekly.pareto.iter_mut().enumerate().for_each(|(at, r)| {
        renamed(&mut r.reason, at);
        renamed(&mut r.owner, at + 1);
    });
    weekly.movers.iter_mut().enumerate().for_each(|(at, m)| {
        renamed(&mut m.reason, at);
        renamed(&mut m.owner, at + 1);
    });
    weekly.owners.iter_mut().enumerate().for_each(|(at, o)| renamed(&mut o.owner, at));
    weekly.snowball_reasons.iter_mut().enumerate().for_each(|(at, r)| renamed(&mut r.reason, at));
    weekly.snowball_chains.iter_mut().enumerate().for_each(|(at, c)| renamed(&mut c.reason, at));
    weekly.known_first_reasons.iter_mut().enumerate().for_each(|(at, r)| renamed(&mut r.reason, at));
    weekly.self_service_steps.iter_mut().enumerate().for_each(|(at, s)| {
        let name = |at: usize| all.iter().cycle().nth(at).map(|n| (*n).to_owned());
        (s.path, s.step) = (name(at).unwrap_or_default(), name(at + 1));
    });
    weekly.headline.unit = Some("a';}</style><b>\\".into());
    weekly.provenance.taxonomy_name = "<b>retail</b>".into();
    weekly
}

/// Forty-five reasons of the same size, each with a long name and an owner of its own.
fn many() -> Weekly {
    let mut rows: Vec<ParetoReason> = Vec::new();
    for at in 0..45_u64 {
        let (now, before) = (200 + at, 190 + 2 * at);
        let mut reason = reason_of(&format!("r|||logistics|simplify|{now}|{before}|120|20|400"));
        reason.reason = named(
            &format!("reason_{at:02}"),
            &format!(
                "Motivo {at}: no consigo que me confirmen el cambio de fecha de la entrega que pedí por teléfono"
            ),
            &format!(
                "Reason {at}: nobody confirms the new delivery date that I asked for on the telephone last week"
            ),
        );
        rows.push(reason);
    }
    week_of(ranked(rows))
}

/// One reason makes everything.
fn one() -> Weekly {
    let line = "order_status|¿Dónde está mi pedido?|Where is my order?|unowned||1874|1652|1611|402|388";
    let mut weekly = week_of(ranked(vec![reason_of(line)]));
    weekly.headline.unclassified = 0;
    weekly.snowball_chains.clear();
    weekly
}
