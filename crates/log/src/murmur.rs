//! The partition of a key, exactly as Kafka's default partitioner chooses it, so that a log moved from one
//! backend to the other keeps every key where it was.

use domain::Partition;

/// The partition of a key among so many: positive murmur2, modulo the count. An empty key is a key.
///
/// # Panics
/// If there are no partitions.
pub fn partition_of(key: &[u8], partitions: u32) -> Partition {
    assert!(partitions > 0, "a topic has at least one partition");
    let positive = murmur2(key) & 0x7fff_ffff;
    Partition(positive % partitions)
}

/// murmur2 with Kafka's seed, over little-endian words.
fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const M: u32 = 0x5bd1_e995;
    // Kafka mixes in the length as a 32-bit number; a record is far smaller than that.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut h = SEED ^ length;
    let words = data.chunks_exact(4);
    let rest = words.remainder();
    for word in words {
        let mut k = u32::from_le_bytes(word.try_into().expect("a chunk of 4 bytes"));
        k = k.wrapping_mul(M);
        k ^= k >> 24;
        k = k.wrapping_mul(M);
        h = h.wrapping_mul(M) ^ k;
    }
    if !rest.is_empty() {
        for (i, byte) in rest.iter().enumerate() {
            h ^= u32::from(*byte) << (8 * i);
        }
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_kafka() {
        // Apache Kafka's UtilsTest.testMurmur2, then librdkafka's rdmurmur2.c, then one of each remainder.
        let cases: [(&[u8], i32); 20] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
            (b"", 275_646_681),
            (b"kafka", -798_503_068),
            (b"giberish123456789", -1_890_243_828),
            (b"1234", -1_614_185_708),
            (b"234", -406_844_982),
            (b"34", -2_026_295_078),
            (b"4", 1_514_888_353),
            (b"a", -1_563_381_124),
            (b"ab", 316_155_434),
            (b"abcd", -1_323_649_548),
            (b"string-f-24-chars-length", 124_730_809),
            (b"string-fo-25-chars-length", 1_269_511_650),
            (b"string-foo-26-chars-length", 119_165_628),
            (b"string-last-27-chars-length", 1_089_971_754),
        ];
        for (key, expected) in cases {
            assert_eq!(murmur2(key).cast_signed(), expected, "{}", key.escape_ascii());
        }
    }

    #[test]
    fn the_sign_bit_is_masked_not_negated() {
        // -973932308 & 0x7fffffff = 1173551340; negating would give 973932308, which is 4 modulo 7.
        let cases: [(&[u8], u32, u32); 4] =
            [(b"21", 12, 0), (b"21", 7, 3), (b"foobar", 50, 16), (b"abc", 1, 0)];
        for (key, partitions, expected) in cases {
            assert_eq!(
                partition_of(key, partitions),
                Partition(expected),
                "{} of {partitions}",
                key.escape_ascii()
            );
        }
    }

    #[test]
    fn keys_spread_over_all_partitions() {
        let mut counts = [0_u32; 16];
        for i in 0..16_000_u32 {
            counts[partition_of(format!("case-{i}").as_bytes(), 16).0 as usize] += 1;
        }
        assert!(counts.iter().all(|n| (800..1_200).contains(n)), "{counts:?}");
    }
}
