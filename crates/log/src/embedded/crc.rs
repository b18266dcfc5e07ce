//! The checksum of every row. It covers the row's place too, so that a row which damage has moved is
//! noticed as surely as one which it has changed. CRC-32 finds accidents, not forgery.

use crc32fast::Hasher;

/// Checksum of a partition's head. The number of partitions is part of it, so that a lost row is noticed.
pub(super) fn of_head(partition: u32, partitions: u32, next: u64, recorded_at: i64) -> u32 {
    of_parts(&[
        &partition.to_le_bytes(),
        &partitions.to_le_bytes(),
        &next.to_le_bytes(),
        &recorded_at.to_le_bytes(),
    ])
}

/// Checksum of a reader's position. Names hold no zero byte, so it separates them.
pub(super) fn of_position(reader: &str, topic: &str, partition: u32, at: u64) -> u32 {
    of_parts(&[reader.as_bytes(), &[0], topic.as_bytes(), &[0], &partition.to_le_bytes(), &at.to_le_bytes()])
}

/// Checksum of bytes one after the other.
pub(super) fn of_parts(parts: &[&[u8]]) -> u32 {
    let mut hasher = Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_crc_of_everyone_else() {
        assert_eq!(of_parts(&[b"1234", b"", b"56789"]), 0xcbf4_3926, "the check value of CRC-32");
    }

    #[test]
    fn every_part_counts() {
        let heads = [
            of_head(1, 4, 2, 3),
            of_head(0, 4, 2, 3),
            of_head(1, 5, 2, 3),
            of_head(1, 4, 3, 3),
            of_head(1, 4, 2, 4),
        ];
        let positions = [
            of_position("ab", "c", 1, 2),
            of_position("a", "bc", 1, 2),
            of_position("ab", "d", 1, 2),
            of_position("ab", "c", 0, 2),
            of_position("ab", "c", 1, 3),
        ];
        assert!(heads[1..].iter().all(|c| *c != heads[0]));
        assert!(positions[1..].iter().all(|c| *c != positions[0]));
    }
}
