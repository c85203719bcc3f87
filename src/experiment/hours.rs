//! The hours of a day as a result stores them: whole numbers with one space between them. Repricing reads thousands of
//! them for every bill, so they are read digit by digit into machine words.

/// Reads one number for each of `counts`, and gives their sum; none where the text is anything else.
pub(super) fn read(text: &str, counts: &mut [u128]) -> Option<u128> {
    let mut rest = text.as_bytes();
    let mut sum = 0_u128;
    for (place, count) in counts.iter_mut().enumerate() {
        if place > 0 {
            rest = rest.strip_prefix(b" ")?;
        }
        (*count, rest) = leading(rest)?;
        sum = sum.checked_add(*count)?;
    }
    rest.is_empty().then_some(sum)
}

/// The number that a text begins with, and what follows it.
fn leading(text: &[u8]) -> Option<(u128, &[u8])> {
    /// So many digits always fit into 64 bits.
    const SHORT: usize = 19;
    let mut number = 0_u64;
    for (length, &byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' if length < SHORT => number = number * 10 + u64::from(byte - b'0'),
            b'0'..=b'9' => return long(text),
            _ if length == 0 => return None,
            _ => return Some((u128::from(number), &text[length..])),
        }
    }
    (!text.is_empty()).then_some((u128::from(number), &[]))
}

fn long(text: &[u8]) -> Option<(u128, &[u8])> {
    let (digits, rest) = text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_numbers_as_there_are_hours() {
        let of = |text: &str, hours: usize| {
            let mut counts = vec![7; hours];
            read(text, &mut counts).map(|sum| (counts, sum))
        };
        assert_eq!(of("1 0 20", 3), Some((vec![1, 0, 20], 21)));
        let long = "9999999999999999999 18446744073709551616 340282366920938463463374607431768211455";
        let largest = u128::MAX;
        assert_eq!(of(long, 3), None, "their sum is beyond all");
        assert_eq!(of("340282366920938463463374607431768211455 0", 2), Some((vec![largest, 0], largest)));
        assert_eq!(
            of("9999999999999999999 18446744073709551616", 2),
            Some((vec![9_999_999_999_999_999_999, 1 << 64], 9_999_999_999_999_999_999 + (1 << 64)))
        );
        let beyond = "340282366920938463463374607431768211456";
        for wrong in ["1 2", "1 2 3 4", "1  2 3", " 1 2 3", "1 2 3 ", "1 -2 3", "1 +2 3", "1 2 x", "", beyond] {
            assert_eq!(of(wrong, 3), None, "{wrong}");
        }
    }
}
