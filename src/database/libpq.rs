//! libpq's files: `.pgpass` → a password, `pg_service.conf` → settings.

use std::path::Path;

use crate::database::target::{HostName, Target};

/// The password that a `.pgpass` file has for a target. Like libpq, a file that others may read is passed over.
pub fn password(file: &Path, target: &Target) -> Option<String> {
    if !is_private(file) {
        return None;
    }
    let text = std::fs::read_to_string(file).ok()?;
    target.hosts.iter().find_map(|host| {
        let name = match &host.name {
            HostName::Tcp(name) => name.as_str(),
            HostName::Socket(folder) if folder.starts_with("/tmp") || folder.ends_with("run/postgresql") => "localhost",
            HostName::Socket(folder) => folder.to_str()?,
        };
        let port = host.port.to_string();
        let wanted = [name, &port, target.database.as_deref()?, target.user.as_deref()?];
        matching(&text, wanted)
    })
}

#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(file: &Path) -> bool {
    file.is_file()
}

/// `host:port:database:user:password`, with `*` for anything, `\:` and `\\` for themselves.
fn matching(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let [host, port, database, user, password] = fields.as_slice() else { return None };
        let fits =
            [host, port, database, user].into_iter().zip(wanted).all(|(said, wanted)| said == "*" || said == wanted);
        fits.then(|| password.clone())
    })
}

/// The five fields; the password is what remains.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' if fields.len() < 5 => fields.push(String::new()),
            letter => {
                let letter = if letter == '\\' { letters.next().unwrap_or('\\') } else { letter };
                fields.last_mut().into_iter().for_each(|field| field.push(letter));
            }
        }
    }
    fields
}

/// The settings of a service.
pub fn service(file: &Path, name: &str) -> Option<Vec<(String, String)>> {
    in_section(&std::fs::read_to_string(file).ok()?, name)
}

fn in_section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| {
        line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).is_none_or(|section| section != name)
    });
    lines.next()?;
    let settings = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    Some(
        settings
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_services() {
        let text = "# comment\nh:5432:d:u:a\\:b:c\n*:*:*:other:x\n";
        assert_eq!(matching(text, ["h", "5432", "d", "u"]).as_deref(), Some("a:b:c"));
        assert_eq!(matching(text, ["i", "1", "d", "other"]).as_deref(), Some("x"));
        assert_eq!(matching(text, ["i", "1", "d", "u"]), None);
        let services = "[one]\nhost=a\n# x\nport=1\n[two]\nhost=b\n";
        assert_eq!(in_section(services, "two"), Some(vec![("host".to_owned(), "b".to_owned())]));
        assert_eq!(in_section(services, "one").map(|settings| settings.len()), Some(2));
        assert_eq!(in_section(services, "three"), None);
    }
}
