//! A hash that stays the same over versions and machines: who was a canary yesterday is one today.

/// FNV-1a of 64 bits, with the last steps of MurmurHash3, without which the high bits of short keys are alike.
pub fn hash(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // The byte behind each part keeps "ab", "c" and "a", "bc" apart; it is not one of UTF-8.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

/// A number from 0 up to 1, without it.
pub fn unit(parts: &[&str]) -> f64 {
    (hash(parts) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_the_same() {
        assert_eq!(hash(&["salt", "user-1"]), 14_538_062_525_334_599_143);
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }

    #[test]
    fn it_is_even() {
        let mut counts = [0u32; 20];
        for user in 0..20_000 {
            counts[(unit(&["salt", &user.to_string()]) * 20.0) as usize] += 1;
        }
        // Chi square with 19 degrees of freedom: above 43.8 once in a thousand.
        let square: f64 = counts.iter().map(|count| (f64::from(*count) - 1000.0).powi(2) / 1000.0).sum();
        assert!(square < 43.8, "{square} {counts:?}");
    }
}
