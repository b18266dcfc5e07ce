//! The forms of single values: Avro's own types, and the types of `domain`.

use super::{Datum, Malformed, Out, Wire};
use domain::{
    ActionOutcome, AnomalyState, Channel, ContactId, CustomerKey, CustomerKind, Day, Direction, Disposition,
    FactId, HandleBasis, Instant, Instrument, IsoWeek, KeyId, Mechanism, Offset, Partition, Positions,
    Precision, PromiseKind, ReasonId, RecordKind, RecoveryOption, Resolution, SelfServiceOutcome, ServedBy,
    SourceState, Speaker, Strength, Topic, UpstreamKind,
};
use std::collections::BTreeMap;

impl Wire for bool {
    fn write(&self, out: &mut Out) {
        out.byte(u8::from(*self));
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        const EXPECTED: &str = "a boolean, one byte 0 or 1";
        match from.byte(EXPECTED)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(from.malformed(EXPECTED)),
        }
    }
}

impl Wire for i64 {
    fn write(&self, out: &mut Out) {
        out.long(*self);
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        from.long()
    }
}

impl Wire for i32 {
    fn write(&self, out: &mut Out) {
        out.long(i64::from(*self));
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let value = from.long()?;
        Self::try_from(value).map_err(|_| from.malformed("an integer of at most 32 bits"))
    }
}

impl Wire for String {
    fn write(&self, out: &mut Out) {
        out.sized(self.as_bytes());
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        from.text().map(str::to_owned)
    }
}

/// `["null", T]`.
impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Out) {
        match self {
            Some(value) if !(T::FROM_VAULT && out.is_content()) => {
                out.long(1);
                value.write(out);
            }
            Some(_) | None => out.long(0),
        }
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        const EXPECTED: &str = "branch 0 or 1 of an optional value";
        match from.index(EXPECTED)? {
            0 => Ok(None),
            1 => T::read(from).map(Some),
            _ => Err(from.malformed(EXPECTED)),
        }
    }
}

/// An array, written as one block.
impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Out) {
        if !self.is_empty() {
            out.length(self.len());
            self.iter().for_each(|item| item.write(out));
        }
        out.long(0);
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let mut items = Self::new();
        loop {
            match from.block()? {
                0 => return Ok(items),
                // Grows as items are really there, never ahead of them: a count is only a claim.
                count => (0..count).try_for_each(|_| T::read(from).map(|item| items.push(item)))?,
            }
        }
    }
}

/// A map, its keys in order, so that equal maps give equal bytes.
impl Wire for BTreeMap<String, String> {
    fn write(&self, out: &mut Out) {
        if !self.is_empty() {
            out.length(self.len());
            for (key, value) in self {
                key.write(out);
                value.write(out);
            }
        }
        out.long(0);
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let mut items = Self::new();
        loop {
            match from.block()? {
                0 => return Ok(items),
                count => {
                    for _ in 0..count {
                        let key = String::read(from)?;
                        items.insert(key, String::read(from)?);
                    }
                }
            }
        }
    }
}

/// Ids are `fixed` of sixteen bytes. A macro, because the four types share no trait.
macro_rules! fixed_id {
    ($($name:ident $from_vault:literal,)+) => {$(
        impl Wire for $name {
            const FROM_VAULT: bool = $from_vault;

            fn write(&self, out: &mut Out) {
                out.fixed(self.as_bytes());
            }

            fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
                const EXPECTED: &str = "sixteen bytes of an id";
                let bytes = from.take(16, EXPECTED)?;
                Ok(Self::from_bytes(bytes.try_into().map_err(|_| from.malformed(EXPECTED))?))
            }
        }
    )+};
}

fixed_id!(FactId false, ContactId false, CustomerKey true, KeyId true,);

/// The closed enumerations are Avro enums whose symbols are their words, in the order in which they were
/// added. A macro, because the types share no trait.
macro_rules! symbols {
    ($($name:ident,)+) => {$(
        impl Wire for $name {
            fn write(&self, out: &mut Out) {
                out.length(self.index());
            }

            fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
                const EXPECTED: &str = concat!("a symbol of ", stringify!($name));
                let index = from.index(EXPECTED)?;
                Self::ALL.get(index).copied().ok_or_else(|| from.malformed(EXPECTED))
            }
        }
    )+};
}

symbols!(
    ActionOutcome,
    AnomalyState,
    Channel,
    CustomerKind,
    Direction,
    Disposition,
    HandleBasis,
    Instrument,
    Mechanism,
    Precision,
    PromiseKind,
    RecordKind,
    RecoveryOption,
    Resolution,
    SelfServiceOutcome,
    ServedBy,
    SourceState,
    Speaker,
    UpstreamKind,
);

/// As the other enums; but how far a customer can be joined says that there is a customer, which only the
/// vault decides: the content of a suppressed customer's record equals everybody else's.
impl Wire for Strength {
    fn write(&self, out: &mut Out) {
        out.length(if out.is_content() { Self::None.index() } else { self.index() });
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        const EXPECTED: &str = "a symbol of Strength";
        let index = from.index(EXPECTED)?;
        Self::ALL.get(index).copied().ok_or_else(|| from.malformed(EXPECTED))
    }
}

/// `timestamp-micros`.
impl Wire for Instant {
    fn write(&self, out: &mut Out) {
        out.long(self.micros());
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let micros = from.long()?;
        Self::from_micros(micros).ok_or_else(|| from.malformed("an instant of the years 1 to 9999"))
    }
}

/// `date`.
impl Wire for Day {
    fn write(&self, out: &mut Out) {
        self.epoch_days().write(out);
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let days = i32::read(from)?;
        Self::from_epoch_days(days).ok_or_else(|| from.malformed("a day of the years -9999 to 9999"))
    }
}

/// As people write it: `2026-W20`.
impl Wire for IsoWeek {
    fn write(&self, out: &mut Out) {
        self.to_string().write(out);
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let text = from.text()?;
        Self::parse(text).ok_or_else(|| from.malformed("an ISO week such as 2026-W20"))
    }
}

impl Wire for ReasonId {
    fn write(&self, out: &mut Out) {
        out.sized(self.as_str().as_bytes());
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        from.text().map(Self::new)
    }
}

/// An array of `LogPosition`, by topic and partition.
impl Wire for Positions {
    fn write(&self, out: &mut Out) {
        let entries: Vec<LogPosition> = self.iter().map(|(t, p, o)| LogPosition(t, p, o)).collect();
        entries.write(out);
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let entries = Vec::<LogPosition>::read(from)?;
        Ok(entries.into_iter().map(|LogPosition(t, p, o)| (t, p, o)).collect())
    }
}

struct LogPosition(Topic, Partition, Offset);

impl Wire for LogPosition {
    fn write(&self, out: &mut Out) {
        out.sized(self.0.name().as_bytes());
        out.long(i64::from(self.1.0));
        out.long(i64::try_from(self.2.0).expect("a log holds fewer than 2^63 records"));
    }

    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed> {
        let topic = from.text()?;
        let topic = Topic::from_name(topic).ok_or_else(|| from.malformed("the name of a topic"))?;
        let partition = from.long()?;
        let partition = u32::try_from(partition).map_err(|_| from.malformed("the number of a partition"))?;
        let offset = from.long()?;
        let offset = u64::try_from(offset).map_err(|_| from.malformed("an offset"))?;
        Ok(Self(topic, Partition(partition), Offset(offset)))
    }
}
