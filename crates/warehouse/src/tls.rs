//! TLS as libpq understands it: what `require`, `verify-ca` and `verify-full` check.

use crate::settings::{Settings, SslMode};
use crate::wire::{Tapped, Wire};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The TLS configuration that the settings ask for; the error says which file is at fault.
pub(crate) fn configuration(settings: &Settings) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier(settings, &provider)?);
    match (&settings.sslcert, &settings.sslkey) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())
        }
        _ => Ok(builder.with_no_client_auth()),
    }
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("read {}: {error}", path.display())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
    let chain = read().map_err(|error| unreadable(path, &error))?;
    if chain.is_empty() {
        return Err(format!("read {}: it holds no certificate", path.display()));
    }
    Ok(chain)
}

fn verifier(
    settings: &Settings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, String> {
    // libpq: `require` with a root certificate file present checks as `verify-ca` does.
    let trusts_someone = settings.sslmode == SslMode::Require && settings.sslrootcert.is_some();
    match settings.sslmode {
        SslMode::VerifyFull => Ok(web_verifier(settings, provider)?),
        SslMode::VerifyCa => Ok(Arc::new(AnyName(web_verifier(settings, provider)?))),
        SslMode::Require if trusts_someone => Ok(Arc::new(AnyName(web_verifier(settings, provider)?))),
        _ => Ok(Arc::new(AnyCertificate(provider.clone()))),
    }
}

fn web_verifier(
    settings: &Settings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut roots = RootCertStore::empty();
    match settings.sslrootcert.as_deref() {
        Some(path) if path != Path::new("system") => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| unreadable(path, &error))?;
            }
        }
        given => {
            if given.is_none() && settings.sslmode == SslMode::VerifyCa {
                return Err(
                    "sslmode `verify-ca` needs `sslrootcert`, the file of trusted certificates".to_owned()
                );
            }
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| error.to_string())
}

/// Trusts the authority, not the name: `verify-ca`.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Encrypts, trusts anybody: `allow`, `prefer`, `require`.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The driver's TLS door, with the tap laid inside the encryption.
pub(crate) struct TappedTls<C> {
    connect: C,
    wire: Arc<Wire>,
}

/// A TLS door for one connection to `host`.
pub(crate) fn connector<S>(
    config: ClientConfig,
    host: &str,
    wire: Arc<Wire>,
) -> Result<TappedTls<<MakeRustlsConnect as MakeTlsConnect<S>>::TlsConnect>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut make = MakeRustlsConnect::new(config);
    let connect = MakeTlsConnect::<S>::make_tls_connect(&mut make, host)
        .map_err(|error| format!("host name {host}: {error}"))?;
    Ok(TappedTls { connect, wire })
}

impl<S, C> TlsConnect<S> for TappedTls<C>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    C: TlsConnect<S, Error = io::Error> + Send + 'static,
    C::Future: Send,
{
    type Stream = Tapped<C::Stream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move { Ok(Tapped::new(self.connect.connect(stream).await?, self.wire)) })
    }
}
