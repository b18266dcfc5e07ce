//! What a request asks for, by its head alone, before anything of its body is read. Pure.
//!
//! The service listens to this machine only, and there are no keys: what could still reach it from outside is a
//! page in a browser on this machine. A page cannot send a request here without an `Origin` header, and one whose
//! own name was made to mean this machine sends that name as the `Host`. Both are refused.

use super::answer::Problem;
use crate::sources::Form;
use hyper::Method;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN};
use std::net::IpAddr;

/// What the service has, and everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Contacts are posted here.
    Contacts,
    /// Why one contact has its reason and counts as avoidable.
    Explanation,
    /// The metrics.
    Metrics,
    /// Whether the process is alive.
    Healthz,
    /// Whether it is ready.
    Readyz,
    /// A path where nothing is.
    Other,
}

/// A request that can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Take the events of the body; `None` = the form is to be looked for.
    Contacts(Option<Form>),
    /// Explain the contact that the path names.
    Explanation,
    /// Give the metrics.
    Metrics,
    /// Say that the process is alive.
    Healthz,
    /// Say whether it is ready.
    Readyz,
}

/// Types of a body that is one document.
const DOCUMENT: &[&str] = &["application/json"];
/// Types of a body of lines; the many names in use for one thing.
const LINES: &[&str] = &[
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonl",
    "application/jsonlines",
    "application/x-jsonlines",
];
/// Types that clients send when nobody has told them one.
const ANY: &[&str] = &["text/plain", "application/octet-stream", "application/x-www-form-urlencoded"];

impl Endpoint {
    /// Every endpoint.
    pub const ALL: &'static [Self] =
        &[Self::Contacts, Self::Explanation, Self::Metrics, Self::Healthz, Self::Readyz, Self::Other];

    /// The endpoint at a path.
    pub fn at(path: &str) -> Self {
        match path {
            "/v1/contacts" => Self::Contacts,
            "/metrics" => Self::Metrics,
            "/healthz" => Self::Healthz,
            "/readyz" => Self::Readyz,
            path if contact_in(path).is_some() => Self::Explanation,
            _ => Self::Other,
        }
    }

    /// Its word in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Explanation => "explanation",
            Self::Metrics => "metrics",
            Self::Healthz => "healthz",
            Self::Readyz => "readyz",
            Self::Other => "other",
        }
    }
}

/// What stands for the contact in `/v1/contacts/{id}/explanation`.
pub fn contact_in(path: &str) -> Option<&str> {
    let id = path.strip_prefix("/v1/contacts/")?.strip_suffix("/explanation")?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// What a request asks for; `body_bytes` is the longest body that is taken.
pub fn route(
    endpoint: Endpoint,
    method: &Method,
    headers: &HeaderMap,
    body_bytes: usize,
) -> Result<Route, Problem> {
    if !text(headers, &HOST).is_none_or(is_this_machine) {
        return Err(Problem::OtherHost);
    }
    let (route, allow) = match endpoint {
        Endpoint::Other => return Err(Problem::NotFound),
        Endpoint::Contacts if method != Method::POST => return Err(Problem::Method { allow: "POST" }),
        Endpoint::Contacts => return contacts(headers, body_bytes).map(Route::Contacts),
        Endpoint::Explanation => (Route::Explanation, "GET, HEAD"),
        Endpoint::Metrics => (Route::Metrics, "GET, HEAD"),
        Endpoint::Healthz => (Route::Healthz, "GET, HEAD"),
        Endpoint::Readyz => (Route::Readyz, "GET, HEAD"),
    };
    if method == Method::GET || method == Method::HEAD { Ok(route) } else { Err(Problem::Method { allow }) }
}

fn contacts(headers: &HeaderMap, body_bytes: usize) -> Result<Option<Form>, Problem> {
    if headers.contains_key(ORIGIN) {
        return Err(Problem::Browser);
    }
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.into_iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Problem::Encoded);
    }
    let length = text(headers, &CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > body_bytes as u64) {
        return Err(Problem::TooLong { most: body_bytes });
    }
    match headers.get(CONTENT_TYPE) {
        None => Ok(None),
        Some(value) => value.to_str().ok().and_then(form).ok_or(Problem::MediaType),
    }
}

/// The form of a body of this type; inner `None` where the type does not say; outer `None` where it is another one.
fn form(content_type: &str) -> Option<Option<Form>> {
    let (media, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    let is_utf8 = |value: &str| {
        let value = value.trim().trim_matches('"');
        value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("us-ascii")
    };
    let charset = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let mut charset = charset.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    if !charset.all(|(_, value)| is_utf8(value)) {
        return None;
    }
    let media = media.trim().to_ascii_lowercase();
    let is = |types: &[&str]| types.contains(&media.as_str());
    if is(DOCUMENT) {
        Some(Some(Form::Document))
    } else if is(LINES) {
        Some(Some(Form::Lines))
    } else {
        is(ANY).then_some(None)
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    // What is not text names no host and no length.
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// Whether a `Host` header names this machine itself.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The route of a request with these headers.
    fn check(method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Route, Problem> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).expect("a name"), value.parse().expect("a value"));
        }
        route(Endpoint::at(path), &method.parse().expect("a method"), &map, 100)
    }

    #[test]
    fn each_path_has_its_method() {
        assert_eq!(check("GET", "/metrics", &[]), Ok(Route::Metrics));
        assert_eq!(check("HEAD", "/healthz", &[]), Ok(Route::Healthz));
        assert_eq!(check("GET", "/readyz", &[]), Ok(Route::Readyz));
        assert_eq!(check("GET", "/v1/contacts/x/explanation", &[]), Ok(Route::Explanation));
        assert_eq!(check("POST", "/readyz", &[]), Err(Problem::Method { allow: "GET, HEAD" }));
        assert_eq!(check("GET", "/v1/contacts", &[]), Err(Problem::Method { allow: "POST" }));
        for path in [
            "/",
            "/v1/contacts/",
            "/V1/contacts",
            "/metricsx",
            "/v1/contacts/a/b/explanation",
            "/v1/contacts//explanation",
        ] {
            assert_eq!(check("GET", path, &[]), Err(Problem::NotFound), "{path}");
        }
    }

    #[test]
    fn the_form_follows_from_the_type() {
        let form = |value| check("POST", "/v1/contacts", &[("content-type", value)]);
        for (value, expect) in [
            ("application/json", Some(Form::Document)),
            ("Application/JSON; charset=\"UTF-8\"", Some(Form::Document)),
            ("application/x-ndjson", Some(Form::Lines)),
            ("application/jsonl;charset=utf-8", Some(Form::Lines)),
            ("application/x-www-form-urlencoded", None),
            ("text/plain", None),
        ] {
            assert_eq!(form(value), Ok(Route::Contacts(expect)), "{value}");
        }
        for value in ["text/html", "application/json; charset=latin1", "multipart/form-data; boundary=x", ""]
        {
            assert_eq!(form(value), Err(Problem::MediaType), "{value}");
        }
        assert_eq!(check("POST", "/v1/contacts", &[]), Ok(Route::Contacts(None)));
    }

    #[test]
    fn what_is_too_long_or_compressed_is_not_read() {
        let post = |name, value| check("POST", "/v1/contacts", &[(name, value)]);
        assert_eq!(post("content-length", "101"), Err(Problem::TooLong { most: 100 }));
        assert!(post("content-length", "100").is_ok());
        assert_eq!(post("content-encoding", "gzip"), Err(Problem::Encoded));
        assert!(post("content-encoding", "Identity").is_ok());
    }

    #[test]
    fn pages_in_browsers_are_refused() {
        let host = |value| check("GET", "/metrics", &[("host", value)]);
        for value in ["127.0.0.1:7071", "localhost", "LOCALHOST:1", "[::1]:7071", "127.1.2.3"] {
            assert!(host(value).is_ok(), "{value}");
        }
        for value in ["example.org", "127.0.0.1.example.org:7071", "10.0.0.1", "[::2]:1", "localhost.x", ""] {
            assert_eq!(host(value), Err(Problem::OtherHost), "{value}");
        }
        for origin in ["http://localhost:7071", "null"] {
            assert_eq!(check("POST", "/v1/contacts", &[("origin", origin)]), Err(Problem::Browser));
        }
    }
}
