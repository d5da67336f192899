//! The way to an engine under mutual TLS: it is believed for the authorities it is given with alone, as
//! Docker's own client does, not for those that this machine trusts.

use std::path::Path;
use std::sync::Arc;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::config::Keys;
use super::trouble::Trouble;

/// An engine at a host and port that may or may not answer.
///
/// # Errors
/// When the keys cannot be read, or do not fit each other.
pub(super) fn connect(
    host: &str,
    port: u16,
    keys: &Keys,
    patience: u64,
) -> Result<Docker, Trouble> {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config(keys)?)
        .https_only()
        .enable_http1()
        .build();
    let mut builder = Client::builder(TokioExecutor::new());
    // As Bollard's own: an engine that was restarted is met anew.
    let client = Arc::new(builder.pool_max_idle_per_host(0).build(connector));
    let transport = move |request: BollardRequest| {
        let client = Arc::clone(&client);
        async move { client.request(request).await.map_err(Error::from) }
    };
    let address = format!("https://{host}:{port}");
    let docker = Docker::connect_with_custom_transport(
        transport,
        Some(address.clone()),
        patience,
        API_DEFAULT_VERSION,
    );
    docker.map_err(|error| Trouble::refused(address, error))
}

/// What is said and believed in a handshake.
///
/// # Errors
/// When a file cannot be read, or they do not fit each other.
pub fn config(keys: &Keys) -> Result<ClientConfig, Trouble> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(&keys.ca)? {
        let added = roots.add(authority);
        added.map_err(|error| Trouble::refused(keys.ca.display().to_string(), error))?;
    }
    let key = PrivateKeyDer::from_pem_file(&keys.key);
    let key = key.map_err(|error| unread(&keys.key, "private key", &error))?;
    let chain = certificates(&keys.cert)?;
    let wrong = |error| Trouble::refused(keys.cert.display().to_string(), error);
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(wrong)
}

/// The certificates in a file, at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|error| unread(path, "certificate", &error))?;
    match read.is_empty() {
        true => Err(unread(path, "certificate", &pem::Error::NoItemsFound)),
        false => Ok(read),
    }
}

/// What words of a handshake mean, for whoever gave the keys.
pub(super) fn meaning(said: &str) -> Option<&'static str> {
    const MEANINGS: [(&str, &str); 4] = [
        (
            "UnknownIssuer",
            "nobody in the ca file vouches for the engine",
        ),
        (
            "not valid for name",
            "the engine's certificate is for another host",
        ),
        (
            "NotValidForName",
            "the engine's certificate is for another host",
        ),
        (
            "fatal alert",
            "the engine does not accept the certificate that it is shown",
        ),
    ];
    let found = MEANINGS.iter().find(|(words, _)| said.contains(words));
    found.map(|&(_, meaning)| meaning)
}

fn unread(path: &Path, what: &str, error: &pem::Error) -> Trouble {
    let said = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => format!("there is no {what} in it"),
        other => other.to_string(),
    };
    Trouble::refused(path.display().to_string(), said)
}
