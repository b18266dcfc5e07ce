//! Who of several has which partitions.

use crate::members::wait;
use crate::{broker, config, opened, prefix, topic};
use domain::Partition;
use log::{Log as _, ReaderName, Roster};
use std::collections::BTreeSet;

/// All partitions are somebody's, and none is two's.
fn shared_out(rosters: &mut [Box<dyn Roster>], partitions: u32) -> bool {
    let mine: Vec<BTreeSet<Partition>> = rosters.iter_mut().map(|r| r.mine().unwrap()).collect();
    let all: BTreeSet<Partition> = mine.iter().flatten().copied().collect();
    let fair = mine.iter().all(|mine| !mine.is_empty());
    fair && all == (0..partitions).map(Partition).collect()
        && mine.iter().map(BTreeSet::len).sum::<usize>() == all.len()
}

#[test]
fn partitions_are_shared_out_and_taken_over() {
    let Some(brokers) = broker() else { return };
    let log = opened(config(&brokers, &prefix("roster")));
    let (facts, group) = (topic("facts"), ReaderName::new("assemble").unwrap());
    log.create(&facts, 4).unwrap();
    let join = || log.share(&facts, &group).unwrap();
    let mut rosters = vec![join()];
    wait("one has all", || shared_out(&mut rosters, 4));
    rosters.push(join());
    rosters.push(join());
    wait("three share them", || shared_out(&mut rosters, 4));
    // Who leaves gives its own back.
    rosters.remove(1);
    wait("two share them", || shared_out(&mut rosters, 4));
    // One at first, then each of three, then each of two: a group may also do it in more turns, never in fewer.
    assert!(log.traffic().unwrap().rebalances >= 6, "{:?}", log.traffic());
    assert!(!rosters[0].is_alone(), "others may come");
    let other = ReaderName::new("judge").unwrap();
    let mut beside = vec![log.share(&facts, &other).unwrap()];
    wait("another group shares them anew", || shared_out(&mut beside, 4));
}
