//! Random histories of two handles against a model that is three maps.

use crate::support::{Backend, emails};
use domain::{CustomerKey, KeyId, SealedBox};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::collections::{HashMap, HashSet};
use vault::{Mode, Opened, Resolution, Vault, VaultError};

on_each_store!(any_history_agrees_with_the_model);

#[derive(Debug, Clone)]
enum Step {
    Resolve(Vec<usize>),
    Seal(usize, Vec<u8>),
    OpenAll,
    Erase(usize),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => proptest::collection::vec(0..12usize, 0..8).prop_map(Step::Resolve),
        4 => (0..12usize, proptest::collection::vec(any::<u8>(), 0..20)).prop_map(|(n, text)| Step::Seal(n, text)),
        2 => Just(Step::OpenAll),
        2 => (0..12usize).prop_map(Step::Erase),
        1 => Just(Step::Reopen),
    ]
}

/// What must be true of the vault.
#[derive(Default)]
struct Model {
    customers: HashMap<usize, CustomerKey>,
    erased: HashSet<usize>,
    boxes: Vec<(usize, SealedBox, Vec<u8>)>,
}

impl Model {
    fn check_resolved(&mut self, n: usize, resolution: Resolution) {
        match resolution {
            Resolution::Suppressed => assert!(self.erased.contains(&n), "{n} was never erased"),
            Resolution::Customer(key) => {
                assert!(!self.erased.contains(&n), "{n} was erased");
                assert_eq!(*self.customers.entry(n).or_insert(key), key, "{n} has another key now");
            }
        }
    }

    fn check_opened(&self, n: usize, opened: Opened, text: &[u8]) {
        let expected =
            if self.erased.contains(&n) { Opened::KeyDestroyed } else { Opened::Plain(text.to_vec()) };
        assert_eq!(opened, expected, "box of {n}");
    }
}

fn run(backend: Backend, steps: Vec<(bool, Step)>, mode: Mode) {
    let place = backend.place();
    let open = || [place.open(), place.open_small(mode)];
    let open = || match mode {
        Mode::Random => open(),
        Mode::Seeded(_) => [place.open_as(mode), place.open_small(mode)],
    };
    let all = emails(0, 12);
    let mut handles = open();
    let mut model = Model::default();
    for (second, step) in steps {
        let vault: &Vault = &handles[usize::from(second)];
        match step {
            Step::Resolve(which) => {
                let batch: Vec<_> = which.iter().map(|n| all[*n].clone()).collect();
                let resolved = vault.resolve(&batch).unwrap();
                which.into_iter().zip(resolved).for_each(|(n, r)| model.check_resolved(n, r));
            }
            Step::Seal(n, text) => {
                let Some(customer) = model.customers.get(&n) else { continue };
                match vault.seal(KeyId::of_customer(*customer), &text, &[7]) {
                    Ok(sealed) => model.boxes.push((n, sealed, text)),
                    Err(VaultError::KeyDestroyed { .. }) => assert!(model.erased.contains(&n)),
                    Err(other) => panic!("{other}"),
                }
                assert_eq!(vault.lookup(&all[n]).unwrap().is_none(), model.erased.contains(&n));
            }
            Step::OpenAll => {
                for (n, sealed, text) in &model.boxes {
                    model.check_opened(*n, vault.open_box(sealed, &[7]).unwrap(), text);
                }
            }
            Step::Erase(n) => {
                let Some(customer) = model.customers.get(&n) else { continue };
                let first_time = model.erased.insert(n);
                let erasure = vault.erase_customer(*customer).unwrap();
                assert_eq!(
                    (erasure.key_destroyed, erasure.lookups_removed),
                    (first_time, usize::from(first_time))
                );
            }
            Step::Reopen => handles = open(),
        }
    }
    let state = handles[0].integrity().unwrap();
    assert!(state.is_sound(), "{state:?}");
    let (erased, met) = (model.erased.len() as u64, model.customers.len() as u64);
    assert_eq!((state.suppressions, state.keys_destroyed), (erased, erased));
    assert_eq!((state.customers, state.keys), (met - erased, met - erased));
}

fn any_history_agrees_with_the_model(backend: Backend) {
    let histories =
        (proptest::collection::vec((any::<bool>(), step()), 1..40), proptest::option::of(any::<u64>()));
    let mut runner = TestRunner::new(ProptestConfig::with_cases(backend.cases()));
    let checked = runner.run(&histories, |(steps, seed)| {
        run(backend, steps, seed.map_or(Mode::Random, Mode::Seeded));
        Ok(())
    });
    checked.unwrap();
}
