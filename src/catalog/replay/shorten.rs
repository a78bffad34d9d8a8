//! Names that are too long for PostgreSQL, as SQLAlchemy shortens those that a convention or `op.f` made.

use crate::catalog::Dialect;
use crate::catalog::table::{Name, Table};

/// PostgreSQL's longest name.
const LONGEST: usize = 63;

/// Shortens the name if it is too long: its beginning, and four digits of its MD5.
pub(super) fn shorten(name: &mut Name, dialect: Dialect) {
    if let Name::Is(text) = name
        && dialect == Dialect::Postgresql
        && text.len() > LONGEST
    {
        let digest = md5(text.as_bytes());
        *text = format!("{}_{}", &text[..text.floor_char_boundary(LONGEST - 8)], &digest[28..]);
    }
}

/// Shortens all names of a table's constraints and indexes.
pub(super) fn shorten_all(table: &mut Table, dialect: Dialect) {
    let unique = table.unique_constraints.iter_mut().map(|it| &mut it.name);
    let checks = table.check_constraints.iter_mut().map(|it| &mut it.name);
    let keys = table.foreign_keys.iter_mut().map(|it| &mut it.name);
    let excludes = table.exclude_constraints.iter_mut().map(|it| &mut it.name);
    let indexes = table.indexes.iter_mut().map(|it| &mut it.name);
    let primary = table.primary_key.iter_mut().map(|it| &mut it.name);
    primary
        .chain(unique)
        .chain(checks)
        .chain(keys)
        .chain(excludes)
        .chain(indexes)
        .for_each(|name| shorten(name, dialect));
}

/// MD5 (RFC 1321) as hexadecimal digits.
fn md5(message: &[u8]) -> String {
    const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64 * 8).to_le_bytes());
    for block in padded.chunks_exact(64) {
        let words: Vec<u32> =
            block.chunks_exact(4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64 {
            let (mixed, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let constant = (f64::sin(step as f64 + 1.0).abs() * 4_294_967_296.0) as u32;
            let sum = a.wrapping_add(mixed).wrapping_add(constant).wrapping_add(words[word]);
            (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(TURNS[step / 16][step % 4])));
        }
        for (kept, new) in state.iter_mut().zip([a, b, c, d]) {
            *kept = kept.wrapping_add(new);
        }
    }
    state.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_rfc_1321() {
        assert_eq!(md5(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        let long = b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
        assert_eq!(md5(long), "57edf4a22be3c955ac49da2e2107b67a");
    }

    #[test]
    fn a_long_name_is_shortened() {
        let mut name = Name::Is("ix_project_template_preview_background_file_link_project_template_id".to_owned());
        shorten(&mut name, Dialect::Postgresql);
        assert_eq!(name.get(), Some("ix_project_template_preview_background_file_link_projec_ab7b"));
    }
}
