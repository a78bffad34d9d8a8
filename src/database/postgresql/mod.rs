//! PostgreSQL: a session ([`connect`]), what the server tells ([`state`]), its tables as SQL ([`tables`]), databases of our
//! own on it ([`borrowed`]).

pub mod borrowed;
pub mod connect;
pub mod state;
pub mod tables;

use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

/// A text in quotes, as SQL has it.
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// A name in quotes.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The rows of a query, as text. Nothing is prepared: poolers that share connections would keep it.
///
/// # Errors
/// What the server said.
pub async fn rows(client: &Client, sql: &str) -> Result<Vec<SimpleQueryRow>, tokio_postgres::Error> {
    let messages = client.simple_query(sql).await?;
    Ok(messages
        .into_iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .collect())
}

/// Begins the one transaction in which everything is asked. It reads only and waits for nobody; `SET LOCAL`, as a
/// pooler hands the connection on.
///
/// # Errors
/// What the server said.
pub async fn begin(client: &Client) -> Result<(), tokio_postgres::Error> {
    let settings = "BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '1s'; \
                    SET LOCAL standard_conforming_strings = on";
    client.simple_query(settings).await.map(|_| ())
}

/// The columns of a row as text.
pub struct Row<'r>(pub &'r SimpleQueryRow);

impl Row<'_> {
    /// A text; empty for NULL.
    pub fn text(&self, at: usize) -> String {
        self.0.get(at).unwrap_or_default().to_owned()
    }

    /// A text, or NULL.
    pub fn maybe(&self, at: usize) -> Option<String> {
        self.0.get(at).map(str::to_owned)
    }

    /// A truth value; NULL is false.
    pub fn yes(&self, at: usize) -> bool {
        self.0.get(at) == Some("t")
    }

    /// A number; NULL is none.
    pub fn number<N: std::str::FromStr>(&self, at: usize) -> Option<N> {
        self.0.get(at).and_then(|text| text.parse().ok())
    }
}
