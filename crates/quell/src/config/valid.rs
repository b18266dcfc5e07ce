//! From what was written to what is valid. Every layer's value is checked, also where a stronger layer hides
//! it, and checking goes on after a mistake, so that all of them are reported at once.

use super::Config;
use super::layers::{Layers, Mistake, Mistakes, Place, Raw, SEED_VARIABLE};
use super::units::{parse_size, parse_span};
use domain::{EngineSettings, Span, Zone};
use report::Lang;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Checks all settings; `mistakes` are those already found while reading.
pub(super) fn validate(layers: &Layers, mistakes: Vec<Mistake>) -> Result<Config, Mistakes> {
    let mut check = Check { layers, mistakes };
    let config = Config {
        zone: check.zone("zone"),
        language: check.language("language"),
        taxonomy: check.path("taxonomy"),
        model: check.path("model.file"),
        accepted_loss_ppm: check.share_ppm("model.accepted_loss", 0.5),
        threads: check.threads("threads"),
        trace: check.trace("trace"),
        log: check.log_backend(),
        partitions: check.integer("log.partitions", 1, 1024),
        shards: check.integer("judge.shards", 1, 1024),
        engine: check.engine(),
        import_batch: check.integer("import.batch", 1, 1_000_000),
        record_bytes_max: check.record_size("limits.record"),
        fold_batch: check.integer("fold.batch", 1, 10_000_000),
        spread: check.flag("fold.spread"),
        state_bytes_max: check.state_size("memory.state_max"),
        vault_store: check.vault_store(),
        archive: check.flag("archive.enabled"),
        vault: check.vault(),
        serving: check.serving(),
    };
    if check.mistakes.is_empty() {
        return Ok(config);
    }
    check.mistakes.sort_by(|a, b| a.place.cmp(&b.place));
    Err(Mistakes(check.mistakes))
}

/// Collects mistakes. Each method gives the strongest layer's value; after a mistake it gives some harmless
/// one, and nothing of it is used, because [`validate`] then fails as a whole.
pub(super) struct Check<'a> {
    layers: &'a Layers,
    mistakes: Vec<Mistake>,
}

impl Check<'_> {
    pub(super) const fn layers(&self) -> &Layers {
        self.layers
    }

    pub(super) fn mistake(&mut self, place: Place, message: String) {
        self.mistakes.push(Mistake { place, message });
    }

    /// Reads every layer of a setting; `read` says what was expected where it cannot.
    pub(super) fn each<T>(
        &mut self,
        key: &str,
        read: impl Fn(&Raw, &Place) -> Result<T, String>,
    ) -> Option<T> {
        let mut strongest = None;
        for written in self.layers.of(key) {
            match read(&written.value, &written.place) {
                Ok(value) => strongest = Some(value),
                Err(expected) => {
                    let message = format!("{key} is {}; expected {expected}", written.value);
                    self.mistakes.push(Mistake { place: written.place.clone(), message });
                }
            }
        }
        strongest
    }

    fn zone(&mut self, key: &str) -> Zone {
        let read = |raw: &Raw, _: &Place| {
            let expected = || "the IANA name of a time zone, such as \"Europe/Madrid\"".to_owned();
            text(raw).and_then(Zone::named).ok_or_else(expected)
        };
        self.each(key, read).unwrap_or_else(Zone::utc)
    }

    fn language(&mut self, key: &str) -> Lang {
        let read = |raw: &Raw, _: &Place| {
            text(raw).and_then(Lang::from_tag).ok_or_else(|| "\"en\" or \"es\"".to_owned())
        };
        self.each(key, read).unwrap_or_default()
    }

    /// A path, relative to the file that names it.
    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        let read = |raw: &Raw, place: &Place| {
            let path = text(raw).ok_or_else(|| "a path as text".to_owned())?;
            let folder = match place {
                Place::File { path, .. } => path.parent(),
                Place::Default | Place::Environment { .. } | Place::Flag { .. } => None,
            };
            let joined = folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path));
            Ok((!path.is_empty()).then_some(joined))
        };
        self.each(key, read).flatten()
    }

    /// A share from 0 to `most`, in millionths.
    fn share_ppm(&mut self, key: &str, most: f64) -> u32 {
        let read = |raw: &Raw, _: &Place| {
            let share = match raw {
                Raw::Float(text) | Raw::Untyped(text) => text.parse::<f64>().ok(),
                Raw::Integer(n) => i32::try_from(*n).ok().map(f64::from),
                Raw::Text(_) | Raw::Flag(_) => None,
            };
            let share = share.filter(|share| (0.0..=most).contains(share));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and a million"
            )]
            let ppm = |share: f64| (share * 1e6).round() as u32;
            share.map(ppm).ok_or_else(|| format!("a share from 0 to {most}, such as 0.05"))
        };
        self.each(key, read).unwrap_or_default()
    }

    fn threads(&mut self, key: &str) -> NonZeroUsize {
        let machine = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        NonZeroUsize::new(self.integer(key, 0, 1024)).unwrap_or_else(machine)
    }

    fn trace(&mut self, key: &str) -> String {
        let read = |raw: &Raw, _: &Place| {
            let filter = text(raw).filter(|t| tracing_subscriber::EnvFilter::try_new(t).is_ok());
            filter
                .map(str::to_owned)
                .ok_or_else(|| "a filter such as \"warn\" or \"warn,lake=debug\"".to_owned())
        };
        self.each(key, read).unwrap_or_default()
    }

    pub(super) fn integer<T: TryFrom<i64> + Default>(&mut self, key: &str, min: i64, max: i64) -> T {
        let read = |raw: &Raw, _: &Place| {
            let number = match raw {
                Raw::Integer(n) => Some(*n),
                Raw::Untyped(text) => text.parse().ok(),
                Raw::Text(_) | Raw::Flag(_) | Raw::Float(_) => None,
            };
            let number = number.filter(|n| (min..=max).contains(n)).and_then(|n| T::try_from(n).ok());
            number.ok_or_else(|| format!("a whole number from {min} to {max}"))
        };
        self.each(key, read).unwrap_or_default()
    }

    fn flag(&mut self, key: &str) -> bool {
        let read = |raw: &Raw, _: &Place| match raw {
            Raw::Flag(on) => Ok(*on),
            Raw::Untyped(text) if text == "true" => Ok(true),
            Raw::Untyped(text) if text == "false" => Ok(false),
            Raw::Untyped(_) | Raw::Text(_) | Raw::Integer(_) | Raw::Float(_) => {
                Err("true or false".to_owned())
            }
        };
        self.each(key, read).unwrap_or_default()
    }

    fn engine(&mut self) -> EngineSettings {
        EngineSettings {
            chain_window: self.span("engine.chain_window"),
            maturity: self.span("engine.maturity"),
            sitting_gap: self.span("engine.sitting_gap"),
            email_sitting_gap: self.span("engine.email_sitting_gap"),
            correction_window: self.span("engine.correction_window"),
            document_window: self.span("engine.document_window"),
            notice_lead: self.span("engine.notice_lead"),
            notice_window: self.span("engine.notice_window"),
            promise_window: self.span("engine.promise_window"),
            self_service_window: self.span("engine.self_service_window"),
            transfers: self.integer("engine.transfers", 1, 1000),
        }
    }

    /// More than zero and at most ten years: beyond it, windows would reach past any data there is.
    fn span(&mut self, key: &str) -> Span {
        let (least, most) = (Span::from_micros(1), Span::from_days(3650));
        self.span_within(key, least, most, "more than nothing and at most \"3650d\"")
    }

    /// A length of time in `[least, most]`; `expected` says so to people.
    pub(super) fn span_within(&mut self, key: &str, least: Span, most: Span, expected: &str) -> Span {
        let read = |raw: &Raw, _: &Place| {
            let span = parse_span(text(raw).unwrap_or_default())?;
            (least <= span && span <= most).then_some(span).ok_or_else(|| expected.to_owned())
        };
        self.each(key, read).unwrap_or(most)
    }

    fn record_size(&mut self, key: &str) -> usize {
        // A record of the log holds at most 5 MiB, and a fact is about as long as what it was made from.
        let bytes = self.size(key, 1 << 10, 4 << 20);
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    fn state_size(&mut self, key: &str) -> u64 {
        self.size(key, 64 << 20, 1 << 40)
    }

    pub(super) fn size(&mut self, key: &str, min: u64, max: u64) -> u64 {
        let read = |raw: &Raw, _: &Place| {
            let size = parse_size(text(raw).unwrap_or_default())?;
            let expected = || format!("from {} to {}", super::ByteSize(min), super::ByteSize(max));
            (min..=max).contains(&size.0).then_some(size.0).ok_or_else(expected)
        };
        self.each(key, read).unwrap_or(min)
    }

    fn vault(&mut self) -> vault::Mode {
        let read = |raw: &Raw, place: &Place| match text(raw) {
            Some("random") => Ok((false, place.clone())),
            Some("seeded") => Ok((true, place.clone())),
            Some(_) | None => Err("\"random\" or \"seeded\"".to_owned()),
        };
        let allowed = self.flag("vault.allow_seeded");
        let Some((seeded, place)) = self.each("vault.mode", read) else { return vault::Mode::Random };
        if !seeded {
            return self.random_vault();
        }
        if !allowed {
            let message = "vault.mode is \"seeded\"; expected vault.allow_seeded = true beside it, because \
                           whoever knows the seed can open everything";
            self.mistakes.push(Mistake { place, message: message.to_owned() });
        }
        match self.layers.seed().and_then(|seed| seed.parse().ok()) {
            Some(seed) => vault::Mode::Seeded(seed),
            None => {
                self.seed_mistake("expected an integer from 0 to 2^64 - 1, because vault.mode is \"seeded\"");
                vault::Mode::Random
            }
        }
    }

    /// A seed that nothing uses would let somebody believe that two runs can be compared.
    fn random_vault(&mut self) -> vault::Mode {
        if self.layers.has_environment_seed() {
            self.seed_mistake("expected no seed, because vault.mode is \"random\"");
        }
        vault::Mode::Random
    }

    fn seed_mistake(&mut self, message: &str) {
        let place = Place::Environment { variable: SEED_VARIABLE.to_owned() };
        self.mistakes.push(Mistake { place, message: message.to_owned() });
    }
}

pub(super) fn text(raw: &Raw) -> Option<&str> {
    match raw {
        Raw::Text(text) | Raw::Untyped(text) => Some(text),
        Raw::Integer(_) | Raw::Flag(_) | Raw::Float(_) => None,
    }
}
