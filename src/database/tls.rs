//! A connection → the same connection, encrypted, with as much trust as `sslmode` asks for.
//!
//! As libpq has it: `prefer` and `require` look at no certificate (`require` does where there is a root certificate),
//! `verify-ca` wants one that a trusted authority signed, `verify-full` one in the server's name as well.

use crate::database::postgresql::connect::Stream;
use crate::database::target::{Host, Tls};
use crate::database::trouble::Trouble;

/// Wraps a connection.
///
/// # Errors
/// The certificate isn't accepted, or a file of certificates can't be used.
#[cfg(feature = "tls")]
pub async fn wrap(stream: Box<dyn Stream>, tls: &Tls, host: &Host) -> Result<Box<dyn Stream>, Trouble> {
    let config = with_rustls::config(tls)?;
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let name = with_rustls::server_name(host)?;
    let wrapped = connector.connect(name, stream).await;
    Ok(Box::new(wrapped.map_err(|error| with_rustls::trouble(&error))?))
}

/// Without the feature `tls`: says that there is none.
///
/// # Errors
/// Always.
#[cfg(not(feature = "tls"))]
pub async fn wrap(_: Box<dyn Stream>, _: &Tls, _: &Host) -> Result<Box<dyn Stream>, Trouble> {
    Err(Trouble::BuiltWithoutTls)
}

#[cfg(feature = "tls")]
mod with_rustls {
    use std::path::Path;
    use std::sync::Arc;

    use tokio_rustls::rustls::client::WebPkiServerVerifier;
    use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
    use tokio_rustls::rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    };

    use crate::database::target::{Host, HostName, Roots, SslMode, Tls};
    use crate::database::trouble::{Stage, Trouble, plain};

    pub fn config(tls: &Tls) -> Result<ClientConfig, Trouble> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| Trouble::Tls(error.to_string()))?;
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier(tls, provider)?);
        let Some((certificate, key)) = &tls.client else { return Ok(builder.with_no_client_auth()) };
        let chain = certificates(certificate)?;
        let key =
            PrivateKeyDer::from_pem_file(key).map_err(|error| Trouble::Certificates(key.clone(), error.to_string()))?;
        let with_key = builder.with_client_auth_cert(chain, key);
        with_key.map_err(|error| Trouble::Certificates(certificate.clone(), error.to_string()))
    }

    fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
        let broken = |why: String| Trouble::Certificates(file.to_owned(), why);
        let all = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let all = all.map_err(|error| {
            broken(match std::fs::metadata(file) {
                Err(error) => plain(&error),
                Ok(_) => error.to_string(),
            })
        })?;
        if all.is_empty() { Err(broken("it holds no certificate".to_owned())) } else { Ok(all) }
    }

    fn verifier(tls: &Tls, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, Trouble> {
        let wanted = match (tls.mode, &tls.roots) {
            (SslMode::VerifyCa | SslMode::VerifyFull, roots) => roots.as_ref(),
            (SslMode::Require, roots @ Some(_)) => roots.as_ref(),
            _ => return Ok(Arc::new(Trusting { chain: None, provider })),
        };
        let mut store = RootCertStore::empty();
        match wanted {
            Some(Roots::File(file)) => {
                store.add_parsable_certificates(certificates(file)?);
            }
            Some(Roots::System) => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            None => {
                let default = std::path::PathBuf::from("~/.postgresql/root.crt");
                return Err(Trouble::Certificates(default, "no such file or directory".to_owned()));
            }
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store.clone()), provider.clone());
        let verifier = verifier.build().map_err(|error| Trouble::Tls(error.to_string()))?;
        let by_name = tls.mode == SslMode::VerifyFull || wanted == Some(&Roots::System);
        if by_name { Ok(verifier) } else { Ok(Arc::new(Trusting { chain: Some(verifier), provider })) }
    }

    /// Looks at the chain only, or at nothing.
    #[derive(Debug)]
    struct Trusting {
        chain: Option<Arc<WebPkiServerVerifier>>,
        provider: Arc<CryptoProvider>,
    }

    impl ServerCertVerifier for Trusting {
        fn verify_server_cert(
            &self,
            end_entity: &CertificateDer<'_>,
            intermediates: &[CertificateDer<'_>],
            server_name: &ServerName<'_>,
            ocsp_response: &[u8],
            now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
            match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                // The name is looked at last: the chain holds.
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => Ok(ServerCertVerified::assertion()),
                verdict => verdict,
            }
        }

        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.provider.signature_verification_algorithms.supported_schemes()
        }
    }

    pub fn server_name(host: &Host) -> Result<ServerName<'static>, Trouble> {
        let HostName::Tcp(name) = &host.name else { return Err(Trouble::Tls("sockets have no TLS".to_owned())) };
        ServerName::try_from(name.clone())
            .map_err(|_| Trouble::Tls(format!("`{name}` can't be a name in a certificate")))
    }

    pub fn trouble(error: &std::io::Error) -> Trouble {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
        let Some(inner) = inner else { return Trouble::of_io(error, Stage::Tls) };
        Trouble::Tls(match inner {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                "its certificate is signed by nobody whom `sslrootcert` trusts".to_owned()
            }
            Error::InvalidCertificate(CertificateError::NotValidForNameContext { expected, presented }) => {
                let names: Vec<String> = presented.iter().map(|name| readable(name)).collect();
                format!("its certificate is for {}, not for `{}`", names.join(", "), expected.to_str())
            }
            Error::InvalidCertificate(CertificateError::NotValidForName) => {
                "its certificate is for another name".to_owned()
            }
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                "its certificate has expired".to_owned()
            }
            Error::InvalidCertificate(CertificateError::Other(other))
                if other.to_string().contains("CaUsedAsEndEntity") =>
            {
                "its certificate is signed by itself".to_owned()
            }
            other => other.to_string(),
        })
    }

    /// `DnsName("db.example")` as the certificate has it.
    fn readable(name: &str) -> String {
        let inner = name.split_once('"').and_then(|(_, rest)| rest.split_once('"'));
        format!("`{}`", inner.map_or(name, |(name, _)| name))
    }
}
