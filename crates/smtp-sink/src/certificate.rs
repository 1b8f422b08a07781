//! Certificates for tests, made anew each time.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;

/// An authority and what it signed.
pub struct Certificates {
    /// The authority's certificate (PEM), for the client to trust.
    pub authority: String,
    /// A server that is called `localhost` and 127.0.0.1.
    pub good: Arc<ServerConfig>,
    /// The same as certificate and key (PEM), for servers of others.
    pub good_pem: (String, String),
    /// A server of another name.
    pub other_name: Arc<ServerConfig>,
    /// A server whose certificate ended in 2001.
    pub expired: Arc<ServerConfig>,
}

impl Certificates {
    /// Makes an authority and three servers.
    pub fn make() -> Result<Self, String> {
        let text = |problem: rcgen::Error| problem.to_string();
        let mut params = CertificateParams::new(Vec::new()).map_err(text)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(params, KeyPair::generate().map_err(text)?).map_err(text)?;
        let server = |names: &[&str], expired: bool| -> Result<_, String> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut params = CertificateParams::new(names).map_err(text)?;
            if expired {
                params.not_before = date_time_ymd(2000, 1, 1);
                params.not_after = date_time_ymd(2001, 1, 1);
            }
            let key = KeyPair::generate().map_err(text)?;
            let certificate = params.signed_by(&key, &authority).map_err(text)?;
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let pem = (certificate.pem(), key.serialize_pem());
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            let config = ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|problem| problem.to_string())?
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], key)
                .map_err(|problem| problem.to_string())?;
            Ok((Arc::new(config), pem))
        };
        let (good, good_pem) = server(&["localhost", "127.0.0.1"], false)?;
        Ok(Self {
            good,
            good_pem,
            other_name: server(&["mail.example.com"], false)?.0,
            expired: server(&["localhost", "127.0.0.1"], true)?.0,
            authority: authority.pem(),
        })
    }
}
