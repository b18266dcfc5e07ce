//! What a request is answered: status, headers and body. Pure; docs/http.md describes it. No answer repeats what
//! a request said.

use super::health::Readiness;
use crate::ingest::Outcome;
use crate::sources::NoEvents;
use hyper::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

/// What a request is answered.
#[derive(Debug)]
pub enum Answer {
    /// What became of each event.
    Events(Vec<Outcome>),
    /// The process is alive.
    Alive,
    /// Whether it is ready.
    Readiness(Readiness),
    /// Why a contact has its reason and counts as avoidable.
    Explanation(Value),
    /// The metrics as text.
    Metrics(String),
    /// Nothing was done.
    Problem(Problem),
}

/// Why nothing was done. Nothing of such a request is kept, except after [`Problem::NotKept`] and
/// [`Problem::Late`], where nothing is known of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is nothing at this path.
    #[error(
        "expected one of the paths /v1/contacts, /v1/contacts/ID/explanation, /metrics, /healthz, /readyz"
    )]
    NotFound,
    /// No such contact.
    #[error("expected the id of a contact in the tables that are published, as in contacts.contact_id")]
    NoContact,
    /// The contact could not be explained, which is our fault; the log says why.
    #[error("the contact could not be explained: the service's own messages say why")]
    Unexplained,
    /// The path takes another method.
    #[error("expected the method {allow}")]
    Method {
        /// The methods that it takes.
        allow: &'static str,
    },
    /// The request was meant for another host: a page in a browser may have sent it here.
    #[error(
        "expected a Host header that names this machine itself, such as 127.0.0.1:7071 or localhost:7071"
    )]
    OtherHost,
    /// A page in a browser sent it.
    #[error("expected no Origin header: pages in browsers cannot send contacts")]
    Browser,
    /// The body is compressed.
    #[error("expected a body without Content-Encoding")]
    Encoded,
    /// The body is of another type.
    #[error("expected a Content-Type of application/json or application/x-ndjson, in UTF-8")]
    MediaType,
    /// The body is too long.
    #[error("expected a body of at most {most} bytes")]
    TooLong {
        /// Bytes that are allowed.
        most: usize,
    },
    /// The body did not come in time.
    #[error("expected the whole body within {} ms", within.as_millis())]
    SlowBody {
        /// The time for it.
        within: Duration,
    },
    /// The body broke off.
    #[error("expected the whole body, but the connection broke off")]
    BrokenBody,
    /// The body holds no events.
    #[error(transparent)]
    NoEvents(#[from] NoEvents),
    /// More events came than are taken in a second.
    #[error("expected fewer events a second: come again later")]
    TooFast {
        /// When there is room again.
        wait: Duration,
    },
    /// Too many requests are worked on.
    #[error("expected fewer requests at once: come again later")]
    Busy,
    /// The process is about to end.
    #[error("the service is ending: come again later")]
    Ending,
    /// Another process takes contacts.
    #[error("this process takes no contacts: send them to one that runs `quell ingest` or `quell run`")]
    Elsewhere,
    /// The events could not be made durable.
    #[error("the events could not be made durable: send them again later")]
    NotKept,
    /// The events were not durable in time.
    #[error("the events were not durable in time: send them again later")]
    Late,
}

/// An answer as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The status.
    pub status: StatusCode,
    /// Type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// Seconds after which the request may be sent again.
    pub retry_after_seconds: Option<u64>,
    /// Methods that the path takes.
    pub allow: Option<&'static str>,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
/// What Prometheus' text format is sent as.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Answer {
    /// The status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Events(events) if events.iter().any(is_accepted) => StatusCode::ACCEPTED,
            Self::Events(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Readiness(Readiness { because, .. }) if !because.is_empty() => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Alive | Self::Readiness(_) | Self::Explanation(_) | Self::Metrics(_) => StatusCode::OK,
            Self::Problem(problem) => problem.status(),
        }
    }

    /// The answer as it is sent.
    pub fn render(self) -> Rendered {
        let status = self.status();
        let (content_type, body) = match &self {
            Self::Events(outcomes) => (JSON, line(&events(outcomes))),
            Self::Alive => (TEXT, "alive\n".to_owned()),
            Self::Readiness(readiness) => (JSON, line(&readiness.to_json())),
            Self::Explanation(explanation) => (JSON, line(explanation)),
            Self::Metrics(text) => (METRICS, text.clone()),
            Self::Problem(problem) => {
                (JSON, line(&json!({ "error": problem.word(), "message": problem.to_string() })))
            }
        };
        let (retry_after_seconds, allow) = match &self {
            Self::Problem(problem) => (problem.retry_after_seconds(), problem.allow()),
            Self::Events(_) | Self::Alive | Self::Readiness(_) | Self::Explanation(_) | Self::Metrics(_) => {
                (None, None)
            }
        };
        Rendered { status, content_type, body, retry_after_seconds, allow }
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoContact | Self::Elsewhere => StatusCode::NOT_FOUND,
            Self::Unexplained => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::OtherHost | Self::Browser => StatusCode::FORBIDDEN,
            Self::Encoded | Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong { .. }
            | Self::NoEvents(NoEvents::TooMany { .. } | NoEvents::TooManyValues { .. }) => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::SlowBody { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenBody | Self::NoEvents(_) => StatusCode::BAD_REQUEST,
            Self::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Ending | Self::NotKept | Self::Late => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The word by which programs tell problems apart.
    const fn word(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NoContact => "no_contact",
            Self::Unexplained => "unexplained",
            Self::Method { .. } => "method_not_allowed",
            Self::OtherHost => "other_host",
            Self::Browser => "browser",
            Self::Encoded => "encoded",
            Self::MediaType => "media_type",
            Self::TooLong { .. } => "body_too_long",
            Self::SlowBody { .. } => "body_too_slow",
            Self::BrokenBody => "body_broken_off",
            Self::NoEvents(NoEvents::TooMany { .. }) => "too_many_events",
            Self::NoEvents(NoEvents::TooManyValues { .. }) => "too_many_values",
            Self::NoEvents(_) => "no_events",
            Self::TooFast { .. } => "too_fast",
            Self::Busy => "busy",
            Self::Ending => "ending",
            Self::Elsewhere => "elsewhere",
            Self::NotKept => "not_kept",
            Self::Late => "late",
        }
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::TooFast { wait } => Some(wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)),
            Self::Busy | Self::Ending | Self::NotKept | Self::Late => Some(1),
            _ => None,
        }
    }

    const fn allow(&self) -> Option<&'static str> {
        match self {
            Self::Method { allow } => Some(allow),
            _ => None,
        }
    }
}

fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. })
}

fn events(outcomes: &[Outcome]) -> Value {
    let accepted = outcomes.iter().filter(|outcome| is_accepted(outcome)).count();
    json!({
        "accepted": accepted,
        "refused": outcomes.len() - accepted,
        "events": outcomes.iter().map(event).collect::<Vec<_>>(),
    })
}

fn event(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Accepted { fact, contact, .. } => json!({
            "status": "accepted",
            "fact": fact.to_string(),
            "contact": contact.map(|contact| contact.to_string()),
        }),
        Outcome::Refused { reject, refusal } => json!({
            "status": "refused",
            "reject": reject.to_string(),
            "kind": refusal.kind.word(),
            "field": refusal.field,
            "expected": refusal.expected,
        }),
    }
}

/// On one line, so that a log of answers can be read a line at a time.
fn line(value: &Value) -> String {
    format!("{value}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::records::NoDocument;

    fn rendered(problem: Problem) -> Rendered {
        Answer::Problem(problem).render()
    }

    #[test]
    fn problems_say_what_was_expected_and_when_to_come_again() {
        let cases: [(Problem, u16, &str, Option<u64>); 11] = [
            (Problem::NotFound, 404, "not_found", None),
            (Problem::NoContact, 404, "no_contact", None),
            (Problem::Elsewhere, 404, "elsewhere", None),
            (Problem::OtherHost, 403, "other_host", None),
            (Problem::TooLong { most: 9 }, 413, "body_too_long", None),
            (NoEvents::TooMany { most: 9 }.into(), 413, "too_many_events", None),
            (NoEvents::NoDocument(NoDocument::NoRecords).into(), 400, "no_events", None),
            (Problem::SlowBody { within: Duration::from_secs(1) }, 408, "body_too_slow", None),
            (Problem::TooFast { wait: Duration::from_millis(1_001) }, 429, "too_fast", Some(2)),
            (Problem::Busy, 503, "busy", Some(1)),
            (Problem::NotKept, 503, "not_kept", Some(1)),
        ];
        for (problem, status, word, retry) in cases {
            let message = problem.to_string();
            let answer = rendered(problem);
            assert_eq!((answer.status.as_u16(), answer.retry_after_seconds), (status, retry), "{word}");
            let body: Value = serde_json::from_str(&answer.body).expect("JSON");
            assert_eq!(body, json!({ "error": word, "message": message }));
        }
        assert_eq!(rendered(Problem::Method { allow: "POST" }).allow, Some("POST"));
    }
}
