//! TLS to the server, in programs that were built with it.

use crate::VaultError;
use std::path::Path;

#[cfg(feature = "postgres-tls")]
pub(super) fn trusting(roots: &Path) -> Result<tokio_postgres_rustls::MakeRustlsConnect, VaultError> {
    use rustls::crypto::ring;
    let bad = |e: &dyn std::fmt::Display| {
        VaultError::BadConfig(format!("cannot read the certificates in {}: {e}", roots.display()))
    };
    let mut trusted = rustls::RootCertStore::empty();
    for certificate in certificates(roots).map_err(|e| bad(&e))? {
        trusted.add(certificate).map_err(|e| bad(&e))?;
    }
    if trusted.is_empty() {
        return Err(bad(&"there is none"));
    }
    let config = rustls::ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|e| bad(&e))?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

#[cfg(feature = "postgres-tls")]
fn certificates(
    roots: &Path,
) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    use rustls::pki_types::pem::PemObject as _;
    rustls::pki_types::CertificateDer::pem_file_iter(roots)?.collect()
}

#[cfg(not(feature = "postgres-tls"))]
pub(super) fn trusting(_roots: &Path) -> Result<tokio_postgres::NoTls, VaultError> {
    Err(VaultError::BadConfig(
        "TLS is asked for, and this program was built without the feature postgres-tls".into(),
    ))
}
