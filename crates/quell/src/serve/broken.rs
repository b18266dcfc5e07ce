//! Errors after which trying again would prove nothing: the system could not make a write durable and may have
//! forgotten what it failed to write. The process has to end, and what it finds at its next start is what counts.

use lake::{LakeError, StoreError};

/// Whether only a new start can mend it.
pub(super) fn for_good(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let log = matches!(cause.downcast_ref(), Some(log::Error::SyncFailed { .. }));
        let store = match cause.downcast_ref() {
            Some(LakeError::Store(store)) => Some(store),
            _ => cause.downcast_ref(),
        };
        log || matches!(store, Some(StoreError::NotDurable { .. } | StoreError::Stopped { .. }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn only_what_could_not_be_made_durable_ends_the_process() {
        let source = || io::Error::from(io::ErrorKind::Other);
        let topic = || log::TopicName::new("facts").expect("a name");
        let path = || "x".to_owned();
        let synced = log::Error::SyncFailed { topic: topic(), path: "f".into(), source: Box::new(source()) };
        let for_good_ones: [anyhow::Error; 3] = [
            anyhow::Error::from(synced).context("cannot append"),
            LakeError::Store(StoreError::NotDurable { path: path(), source: source() }).into(),
            anyhow::Error::from(StoreError::Stopped { path: path() }).context("cannot publish"),
        ];
        assert!(for_good_ones.iter().all(for_good));
        let mended: [anyhow::Error; 3] = [
            log::Error::DiskFull { topic: topic(), path: "f".into() }.into(),
            LakeError::Store(StoreError::Missing { path: path() }).into(),
            anyhow::anyhow!("something else"),
        ];
        assert!(!mended.iter().any(for_good));
    }
}
