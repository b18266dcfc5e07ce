//! What a code of librdkafka means to the caller. Its texts name hosts, topics and codes, never a record.

use super::config::KafkaConfig;
use crate::{Error, Retry};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// A failed call that wrote nothing.
pub(super) fn failed(config: &KafkaConfig, action: &'static str, error: &KafkaError) -> Error {
    match code(error) {
        Some(code) => refused(config, action, code),
        None => {
            let (brokers, cause) = (config.brokers.clone(), text(error));
            Error::Refused { action, brokers, cause, retry: Retry::Never }
        }
    }
}

/// The same of a bare code.
pub(super) fn refused(config: &KafkaConfig, action: &'static str, code: Code) -> Error {
    let (brokers, cause) = (config.brokers.clone(), code.to_string());
    match meaning(code) {
        Meaning::NotAuthorised => Error::NotAuthorised { action, brokers, cause },
        Meaning::NoAnswer => Error::Unreachable { action, brokers, cause },
        Meaning::Temporary => Error::Refused { action, brokers, cause, retry: Retry::Later },
        Meaning::Other | Meaning::Fenced => Error::Refused { action, brokers, cause, retry: Retry::Never },
    }
}

/// The code of an error, also where the crate keeps it from us.
pub(super) fn code(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// An error as text, without the value of a setting: it may be a password.
pub(super) fn text(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, what, key, _) => format!("setting {key}: {what}"),
        other => other.to_string(),
    }
}

/// What a code means for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Keys, passwords or rights.
    NotAuthorised,
    /// The broker was not heard of.
    NoAnswer,
    /// The cluster is between two states.
    Temporary,
    /// Somebody else owns what we thought was ours.
    Fenced,
    /// Anything else.
    Other,
}

/// See [`Meaning`].
pub(super) fn meaning(code: Code) -> Meaning {
    match code {
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState
        | Code::Authentication => Meaning::NotAuthorised,
        Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::OperationTimedOut
        | Code::RequestTimedOut
        | Code::TimedOutQueue
        | Code::MessageTimedOut
        | Code::NetworkException
        | Code::Resolve
        | Code::SSL => Meaning::NoAnswer,
        Code::LeaderNotAvailable
        | Code::NotLeaderForPartition
        | Code::BrokerNotAvailable
        | Code::ReplicaNotAvailable
        | Code::CoordinatorLoadInProgress
        | Code::CoordinatorNotAvailable
        | Code::NotCoordinator
        | Code::WaitingForCoordinator
        | Code::NotEnoughReplicas
        | Code::NotEnoughReplicasAfterAppend
        | Code::ConcurrentTransactions
        | Code::UnstableOffsetCommit
        | Code::ThrottlingQuotaExceeded
        | Code::NotController
        | Code::RebalanceInProgress
        | Code::OffsetNotAvailable
        | Code::UnknownLeaderEpoch
        | Code::FencedLeaderEpoch
        | Code::KafkaStorageError => Meaning::Temporary,
        Code::Fenced
        | Code::ProducerFenced
        | Code::InvalidProducerEpoch
        | Code::InvalidProducerIdMapping
        | Code::TransactionCoordinatorFenced
        | Code::IllegalGeneration
        | Code::UnknownMemberId
        | Code::FencedInstanceId
        | Code::AssignmentLost => Meaning::Fenced,
        _ => Meaning::Other,
    }
}

/// Whether a code says that there is no such topic (any more).
pub(super) fn is_unknown_topic(code: Code) -> bool {
    matches!(
        code,
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownTopicId | Code::UnknownPartition
    )
}
