//! Languages as the product knows them: primary subtags in lower case.

/// Primary subtag of a BCP 47 tag: `es` of `es-CL`.
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}
