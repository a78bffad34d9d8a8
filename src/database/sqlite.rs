//! A file of SQLite → what it tells, or why it can't be opened.
//!
//! It is opened for reading only, and only if it is there: SQLite would make an empty one.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::database::Looked;
use crate::database::server::{Server, TableFacts, VersionTable};
use crate::database::target::Target;
use crate::database::trouble::{FileTrouble, Trouble, plain};

/// Looks at the file of a target. One in memory is always there, and empty.
pub fn look(target: &Target) -> Looked {
    let Some(path) = &target.database else {
        let server = Server { product: "SQLite".to_owned(), database: ":memory:".to_owned(), ..Server::default() };
        return Looked { server: Some(server), ..Looked::failed(Vec::new(), None) };
    };
    match open(Path::new(path)).and_then(|connection| read(&connection, Path::new(path))) {
        Ok(server) => Looked { server: Some(server), ..Looked::failed(Vec::new(), None) },
        Err(trouble) => Looked::failed(Vec::new(), Some(Trouble::File(trouble))),
    }
}

/// Opens a file for reading.
///
/// # Errors
/// It is not there, it is no database, somebody holds it.
pub fn open(path: &Path) -> Result<Connection, FileTrouble> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(PathBuf::from("."), Path::to_owned);
    if !folder.is_dir() {
        return Err(FileTrouble::NoFolder(folder));
    }
    if path.is_dir() {
        return Err(FileTrouble::IsFolder);
    }
    let mut file = fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => FileTrouble::Missing,
        _ => FileTrouble::Unreadable(plain(&error)),
    })?;
    let mut head = [0; 16];
    let read = file.read(&mut head).map_err(|error| FileTrouble::Unreadable(plain(&error)))?;
    // A file without a byte is a database without a table.
    if read > 0 && &head != b"SQLite format 3\0" {
        return Err(FileTrouble::NoDatabase);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| trouble(&error))?;
    connection.busy_timeout(Duration::from_millis(200)).map_err(|error| trouble(&error))?;
    Ok(connection)
}

/// The statements that made the tables: SQLite keeps them.
///
/// # Errors
/// The file can't be opened or read.
pub fn statements(target: &Target) -> Result<Vec<String>, FileTrouble> {
    let Some(path) = &target.database else { return Ok(Vec::new()) };
    let kept = "select sql from sqlite_master where sql is not null and name not like 'sqlite~_%' escape '~' \
                and type in ('table', 'index') order by type = 'index', rowid";
    texts(&open(Path::new(path))?, kept)
}

fn trouble(error: &rusqlite::Error) -> FileTrouble {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => FileTrouble::Locked,
        Some(ErrorCode::NotADatabase) => FileTrouble::NoDatabase,
        Some(ErrorCode::DatabaseCorrupt) => FileTrouble::Damaged(text),
        _ => FileTrouble::Unreadable(text),
    }
}

fn read(connection: &Connection, path: &Path) -> Result<Server, FileTrouble> {
    let mut server = Server {
        product: "SQLite".to_owned(),
        version: rusqlite::version().to_owned(),
        major: 3,
        database: path.display().to_string(),
        is_read_only: fs::metadata(path).is_ok_and(|file| file.permissions().readonly()),
        ..Server::default()
    };
    let names =
        "select name from sqlite_master where type = 'table' and name not like 'sqlite~_%' escape '~' order by name";
    for name in texts(connection, names)? {
        let columns = "select name, type from pragma_table_info(?1)";
        let mut statement = connection.prepare(columns).map_err(|error| trouble(&error))?;
        let columns: Vec<(String, String)> = statement
            .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))
            .and_then(Iterator::collect)
            .map_err(|error| trouble(&error))?;
        if let [(column, column_type)] = columns.as_slice()
            && column == "version_num"
        {
            let revisions = format!("select version_num from \"{}\" order by 1 limit 100", name.replace('"', "\"\""));
            server.version_tables.push(VersionTable {
                schema: String::new(),
                is_visible: true,
                readable: true,
                writable: !server.is_read_only,
                // SQLite keeps to no length.
                width: None,
                revisions: texts(connection, &revisions)?,
                name: name.clone(),
            });
            let _ = column_type;
        }
        let pages = fs::metadata(path).map_or(0, |file| file.len());
        server.tables.push(TableFacts { name, is_ours: true, bytes: pages, ..TableFacts::default() });
    }
    Ok(server)
}

fn texts(connection: &Connection, sql: &str) -> Result<Vec<String>, FileTrouble> {
    let mut statement = connection.prepare(sql).map_err(|error| trouble(&error))?;
    let found = statement.query_map([], |row| row.get::<_, String>(0)).and_then(Iterator::collect);
    found.map_err(|error| trouble(&error))
}
