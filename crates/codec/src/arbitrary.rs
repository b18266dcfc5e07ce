//! Generators of facts for property tests, here and in other crates (feature `testing`). They reach the
//! corners of every type: any text, any integer, the first and last instants. They make facts as they lie
//! on the log, so words are never open.

use domain::{
    Body, ContactId, CustomerKey, Day, Fact, FactId, Instant, IsoWeek, KeyId, Offset, Partition, Positions,
    ReasonId, SealedBox, Spoken, Topic, Words, closed,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// A type with a generator.
pub trait Sample: Sized + Debug {
    /// Any value.
    fn sample() -> BoxedStrategy<Self>;
}

/// Any fact.
pub fn fact() -> BoxedStrategy<Fact> {
    (0..Body::NAMES.len()).prop_flat_map(|kind| fact_named(Body::NAMES[kind])).boxed()
}

/// Any fact of one kind, by its name. Panics on a name that is not in [`Body::NAMES`].
pub fn fact_named(name: &str) -> BoxedStrategy<Fact> {
    let mut bodies = crate::facts::any_bodies();
    let at = bodies.iter().position(|(n, _)| *n == name).expect("the name of a kind of fact");
    let body = bodies.swap_remove(at).1;
    (FactId::sample(), domain::Origin::sample(), Instant::sample(), closed::Precision::sample(), body)
        .prop_map(|(id, origin, occurred_at, precision, body)| Fact {
            id,
            origin,
            occurred_at,
            precision,
            body,
        })
        .boxed()
}

/// Any words in clear.
pub fn spoken() -> BoxedStrategy<Spoken> {
    Spoken::sample()
}

impl Sample for bool {
    fn sample() -> BoxedStrategy<Self> {
        any::<Self>().boxed()
    }
}

impl Sample for i32 {
    fn sample() -> BoxedStrategy<Self> {
        prop_oneof![any::<Self>(), 0..100_i32, Just(Self::MIN), Just(Self::MAX)].boxed()
    }
}

impl Sample for i64 {
    fn sample() -> BoxedStrategy<Self> {
        prop_oneof![any::<Self>(), 0..100_000_i64, Just(Self::MIN), Just(Self::MAX)].boxed()
    }
}

impl Sample for String {
    fn sample() -> BoxedStrategy<Self> {
        prop_oneof!["[a-z]{1,8}", "\\PC{0,12}", any::<char>().prop_map(Self::from), Just(Self::new())].boxed()
    }
}

impl<T: Sample + Clone + 'static> Sample for Option<T> {
    fn sample() -> BoxedStrategy<Self> {
        option::of(T::sample()).boxed()
    }
}

impl<T: Sample + 'static> Sample for Vec<T> {
    fn sample() -> BoxedStrategy<Self> {
        vec(T::sample(), 0..4).boxed()
    }
}

impl Sample for BTreeMap<String, String> {
    fn sample() -> BoxedStrategy<Self> {
        btree_map(String::sample(), String::sample(), 0..4).boxed()
    }
}

impl Sample for Instant {
    fn sample() -> BoxedStrategy<Self> {
        (Self::MIN.micros()..=Self::MAX.micros())
            .prop_map(|micros| Self::from_micros(micros).expect("inside the range"))
            .boxed()
    }
}

/// Days since 1970-01-01 of 0001-01-01 and of 9999-12-31.
const DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;

impl Sample for Day {
    fn sample() -> BoxedStrategy<Self> {
        DAYS.prop_map(|days| Self::from_epoch_days(days).expect("inside the range")).boxed()
    }
}

impl Sample for IsoWeek {
    fn sample() -> BoxedStrategy<Self> {
        Day::sample().prop_map(Day::week).boxed()
    }
}

impl Sample for ReasonId {
    fn sample() -> BoxedStrategy<Self> {
        String::sample().prop_map(|text| Self::new(&text)).boxed()
    }
}

impl Sample for Words {
    fn sample() -> BoxedStrategy<Self> {
        let sealed = (KeyId::sample(), vec(any::<u8>(), 0..80));
        prop_oneof![
            Just(Self::None),
            Just(Self::Gone),
            sealed.prop_map(|(key, bytes)| Self::Sealed(SealedBox { key, bytes })),
        ]
        .boxed()
    }
}

impl Sample for Positions {
    fn sample() -> BoxedStrategy<Self> {
        let topic = proptest::sample::select(Topic::ALL);
        // A log counts its records in a signed integer of 64 bits.
        let offset = prop_oneof![0..1_000_u64, Just(u64::MAX / 2)];
        vec((topic, any::<u32>().prop_map(Partition), offset.prop_map(Offset)), 0..5)
            .prop_map(|entries| entries.into_iter().collect())
            .boxed()
    }
}

/// Ids and closed enumerations: macros, because the types share no trait.
macro_rules! sample_ids {
    ($($name:ident)+) => {$(
        impl Sample for $name {
            fn sample() -> BoxedStrategy<Self> {
                any::<[u8; 16]>().prop_map(Self::from_bytes).boxed()
            }
        }
    )+};
}

sample_ids!(FactId ContactId CustomerKey KeyId);

macro_rules! sample_closed {
    ($($name:ident)+) => {$(
        impl Sample for closed::$name {
            fn sample() -> BoxedStrategy<Self> {
                proptest::sample::select(Self::ALL).boxed()
            }
        }
    )+};
}

sample_closed!(
    ActionOutcome AnomalyState Channel CustomerKind Direction Disposition HandleBasis Instrument Mechanism
    Precision PromiseKind RecordKind RecoveryOption Resolution SelfServiceOutcome ServedBy SourceState Speaker Strength
    UpstreamKind
);

/// A record's generator, from the list of its fields. A macro, because the list is the one that also gives
/// the record its form (`wire::record`). The pairs nest, because tuples of generators end at twelve.
macro_rules! sample_record {
    ($name:ident { $($field:ident),+ }) => {
        impl $crate::arbitrary::Sample for $name {
            fn sample() -> proptest::strategy::BoxedStrategy<Self> {
                use proptest::strategy::Strategy;
                $crate::arbitrary::sample_record!(@strategies $($field)+)
                    .prop_map(|$crate::arbitrary::sample_record!(@pattern $($field)+)| Self { $($field),+ })
                    .boxed()
            }
        }
    };
    (@strategies $first:ident $($rest:ident)*) => {
        ($crate::arbitrary::Sample::sample(), $crate::arbitrary::sample_record!(@strategies $($rest)*))
    };
    (@strategies) => { proptest::strategy::Just(()) };
    (@pattern $first:ident $($rest:ident)*) => {
        ($first, $crate::arbitrary::sample_record!(@pattern $($rest)*))
    };
    (@pattern) => { () };
}
pub(crate) use sample_record;
