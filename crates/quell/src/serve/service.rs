//! What a request does: its head decides, its body is read within limits and cut on a thread that may block, and
//! its events go to the appender. A client that goes away takes back nothing that was handed on, and no lock is
//! held across a wait.

use super::answer::{Answer, Problem, Rendered};
use super::appender::Submission;
use super::health::Health;
use super::metrics::Metrics;
use super::rate::Bucket;
use super::route::{Endpoint, Route, contact_in, route};
use crate::config::HttpLimits;
use crate::explained;
use crate::ingest::{Outcome, Posted};
use crate::instance::Instance;
use crate::sources::{Form, PostLimits, posted};
use anyhow::Context as _;
use codec::mapping::Mapping;
use domain::ContactId;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, EXPECT, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response};
use report::Lang;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

/// Of a body that is too long so much more is read before it is answered: a client that is still sending would
/// otherwise find its connection broken and no answer.
const LINGER_BYTES: usize = 8 << 20;
/// And for so long.
const LINGER: Duration = Duration::from_secs(2);

/// What answers requests.
pub struct Service {
    instance: Arc<Instance>,
    lang: Lang,
    mapping: Arc<Mapping>,
    limits: HttpLimits,
    post_limits: PostLimits,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    takes_contacts: bool,
    appender: mpsc::Sender<Submission>,
    /// One permit for each request with contacts that is worked on.
    permits: Arc<Semaphore>,
    bucket: Mutex<Bucket>,
    started: Instant,
}

/// What a service is made of.
pub struct Parts {
    /// What explanations are read from.
    pub instance: Arc<Instance>,
    /// The language of their labels.
    pub lang: Lang,
    /// What events are.
    pub mapping: Arc<Mapping>,
    /// How much is taken.
    pub limits: HttpLimits,
    /// Longest event, in bytes.
    pub record_bytes: usize,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is said of readiness.
    pub health: Arc<Health>,
    /// Whether this process takes events.
    pub takes_contacts: bool,
    /// Where events go. It has room for one submission of each request. Held also by a process that takes none: the
    /// appender ends when nobody can submit, which before the end of the process means that it is broken.
    pub appender: mpsc::Sender<Submission>,
}

/// A body that was read and cut.
struct Cut {
    posted: Posted,
    permit: OwnedSemaphorePermit,
    /// When the whole body was there.
    read_at: Instant,
}

impl Service {
    /// Ready for requests.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            instance,
            lang,
            mapping,
            limits,
            record_bytes,
            metrics,
            health,
            takes_contacts,
            appender,
        } = parts;
        Self {
            post_limits: PostLimits { events: limits.events, levels: limits.levels, record_bytes },
            permits: Arc::new(Semaphore::new(limits.requests)),
            bucket: Mutex::new(Bucket::new(limits.events_per_second, Duration::ZERO)),
            started: Instant::now(),
            instance,
            lang,
            mapping,
            limits,
            metrics,
            health,
            takes_contacts,
            appender,
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let endpoint = Endpoint::at(request.uri().path());
        let answer = match route(endpoint, request.method(), request.headers(), self.limits.body_bytes) {
            Ok(Route::Contacts(form)) => match self.contacts(request.into_body(), form).await {
                Ok(outcomes) => Answer::Events(outcomes),
                Err(problem) => Answer::Problem(problem),
            },
            Ok(Route::Explanation) => match self.explanation(request.uri().path()).await {
                Ok(explanation) => Answer::Explanation(explanation),
                Err(problem) => Answer::Problem(problem),
            },
            Ok(Route::Healthz) => Answer::Alive,
            Ok(Route::Readyz) => Answer::Readiness(self.health.readiness()),
            Ok(Route::Metrics) => {
                let ready = self.health.readiness().because.is_empty();
                Answer::Metrics(self.metrics.text(ready, self.instance.log.traffic()))
            }
            Err(problem) => {
                // Who waits to be asked for the body has sent nothing yet.
                if !request.headers().contains_key(EXPECT) {
                    linger(request.into_body()).await;
                }
                Answer::Problem(problem)
            }
        };
        self.metrics.answered(endpoint, answer.status());
        response(answer.render())
    }

    async fn contacts(&self, body: Incoming, form: Option<Form>) -> Result<Vec<Outcome>, Problem> {
        if !self.takes_contacts {
            return Err(Problem::Elsewhere);
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Problem::Busy)?;
        let _counted = InProgress::new(&self.metrics);
        if let Some(wait) = self.with_bucket(Bucket::wait) {
            return Err(Problem::TooFast { wait });
        }
        let body = self.read(body).await?;
        let Cut { posted, permit, read_at } = self.cut(body, form, permit).await?;
        self.with_bucket(|bucket, now| bucket.take(now, posted.len()));
        let (answer, answered) = oneshot::channel();
        let submission = Submission { posted, answer, permit };
        // There is room for every permit; without a receiver the process is about to end.
        self.appender.try_send(submission).map_err(|_| Problem::Ending)?;
        match timeout(self.limits.answer_timeout, answered).await {
            Ok(Ok(outcomes)) => {
                let outcomes = outcomes?;
                self.metrics.processed(read_at.elapsed());
                Ok(outcomes)
            }
            Ok(Err(_)) => Err(Problem::Ending),
            Err(_) => Err(Problem::Late),
        }
    }

    /// Read where it may take its time, from the tables that are shown.
    async fn explanation(&self, path: &str) -> Result<Value, Problem> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| Problem::Busy)?;
        let id = contact_in(path).and_then(ContactId::parse).ok_or(Problem::NoContact)?;
        let (instance, lang) = (Arc::clone(&self.instance), self.lang.tag());
        let work = move || {
            let _permit = permit;
            explanation(&instance, id, lang)
        };
        let explained = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::Ending)?;
        let explained = explained.map_err(|error| {
            tracing::error!(contact = %id, error = format!("{error:#}"), "a contact cannot be explained");
            Problem::Unexplained
        })?;
        explained.ok_or(Problem::NoContact)
    }

    /// The whole body, within its length and its time.
    async fn read(&self, body: Incoming) -> Result<Vec<u8>, Problem> {
        let (most, within) = (self.limits.body_bytes, self.limits.body_timeout);
        let mut body = body;
        let read = timeout(within, gather(&mut body, most)).await;
        let whole = read.unwrap_or(Err(Problem::SlowBody { within }));
        if let Err(Problem::TooLong { .. }) = whole {
            linger(body).await;
        }
        whole
    }

    /// Cuts and maps the body where it may take its time. The permit goes along: also a request whose client has
    /// gone counts until its work is done.
    async fn cut(
        &self,
        body: Vec<u8>,
        form: Option<Form>,
        permit: OwnedSemaphorePermit,
    ) -> Result<Cut, Problem> {
        let read_at = Instant::now();
        let (mapping, limits) = (Arc::clone(&self.mapping), self.post_limits);
        let work = move || {
            let chunks = posted(&mapping, &body, form, &limits)?;
            Ok(Cut { posted: Posted::map(&mapping, &chunks), permit, read_at })
        };
        // A panic ends the process, so only its end can take the work away.
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(Problem::Ending))
    }

    fn with_bucket<T>(&self, work: impl FnOnce(&mut Bucket, Duration) -> T) -> T {
        let now = self.started.elapsed();
        // A few additions: a panic in between is impossible.
        work(&mut self.bucket.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

fn explanation(instance: &Instance, id: ContactId, lang: &str) -> anyhow::Result<Option<Value>> {
    let cut = lake::current_cut(&*instance.store).context("cannot read the published tables")?;
    let Some(cut) = cut else { return Ok(None) };
    Ok(explained::explain(instance, &cut, id, lang)?.as_ref().map(explained::as_json))
}

/// The bytes of a body of at most so many.
async fn gather(body: &mut Incoming, most: usize) -> Result<Vec<u8>, Problem> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::BrokenBody)?;
        let Some(data) = frame.data_ref() else { continue };
        if whole.len() + data.len() > most {
            return Err(Problem::TooLong { most });
        }
        whole.extend_from_slice(data);
    }
    Ok(whole)
}

/// Reads on for a while and throws it away.
async fn linger(mut body: Incoming) {
    if body.is_end_stream() {
        return;
    }
    let drain = async {
        let mut left = LINGER_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(bytes) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    // After it, whoever still sends finds the connection closed.
    let _ = timeout(LINGER, drain).await;
}

fn response(rendered: Rendered) -> Response<Full<Bytes>> {
    let Rendered { status, content_type, body, retry_after_seconds, allow } = rendered;
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(seconds) = retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allow) = allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    response
}

/// Counts a request with contacts for as long as it is worked on.
struct InProgress<'m>(&'m Metrics);

impl<'m> InProgress<'m> {
    fn new(metrics: &'m Metrics) -> Self {
        metrics.in_progress.inc();
        Self(metrics)
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.0.in_progress.dec();
    }
}
