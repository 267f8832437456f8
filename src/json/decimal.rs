//! Reads JSON numbers, eight digits at a time. The values equal those of the standard library to the bit.

/// A number that was read.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    negative: bool,
    digits: Digits,
    /// The power of ten by which to multiply the digits.
    exponent: i32,
}

/// Digits as one whole number.
#[derive(Debug, Clone, Copy, Default)]
struct Digits {
    value: u64,
    /// True if there were more digits than fit.
    lost: bool,
}

impl Digits {
    #[inline(always)]
    fn push(&mut self, value: u64, power: u64) {
        let (shifted, lost) = self.value.overflowing_mul(power);
        let (sum, lost_too) = shifted.overflowing_add(value);
        *self = Digits { value: sum, lost: self.lost | lost | lost_too };
    }
}

/// Returns a word with `value` in each of its eight bytes.
const fn eight(value: u64) -> u64 {
    value * 0x0101_0101_0101_0101
}

const POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
/// The powers of ten that float64 represents exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// A mask of the float64 bits that a float32 lacks. `HALFWAY` is their value midway between two float32.
const BEYOND: u64 = (1 << 29) - 1;
const HALFWAY: u64 = 1 << 28;
/// Numbers of so many digits are within float32, if they have no exponent above 0.
const F32_DIGITS: usize = 38;
/// An upper bound for the error of a float64 after two roundings, in units of its last bit.
const DOUBT: u64 = 8;

impl Decimal {
    /// Reads the number at the start of a text. Returns the number and its length; `None` when there is no number. The
    /// caller checks the text after it.
    #[inline(always)]
    pub fn read(text: &[u8]) -> Option<(Self, usize)> {
        Self::read_some::<true>(text)
    }

    /// Returns the length of the number at the start of a text, and true if it has an exponent above 0 or so many digits
    /// that it may be beyond float32; `None` when there is no number.
    #[inline(always)]
    pub fn length(text: &[u8]) -> Option<(usize, bool)> {
        let (number, length) = Self::read_some::<false>(text)?;
        Some((length, number.exponent > 0 || length > F32_DIGITS))
    }

    #[inline(always)]
    fn read_some<const VALUE: bool>(text: &[u8]) -> Option<(Self, usize)> {
        let negative = text.first() == Some(&b'-');
        let mut at = usize::from(negative);
        let mut digits = Digits::default();
        at += match text.get(at)? {
            b'0' => 1,
            b'1'..=b'9' => run::<VALUE>(text.get(at..)?, &mut digits),
            _ => return None,
        };
        let mut exponent = 0;
        if text.get(at) == Some(&b'.') {
            let count = run::<VALUE>(text.get(at + 1..)?, &mut digits);
            if count == 0 {
                return None;
            }
            at += 1 + count;
            exponent = -i32::try_from(count).ok()?;
        }
        if let Some(b'e' | b'E') = text.get(at) {
            let (power, length) = power(text.get(at + 1..)?)?;
            at += 1 + length;
            exponent = exponent.saturating_add(power);
        }
        Some((Decimal { negative, digits, exponent }, at))
    }

    /// Returns the nearest float32; `None` where float64's precision cannot decide it.
    // Own code, since fast-float2 0.2.4 costs more. Its `parse_partial` with the extra checks for JSON's grammar takes
    // 29 % more instructions for a vector of 1536 numbers in base64 (737,000 instead of 570,000, by callgrind).
    #[inline(always)]
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "see DOUBT")]
    pub fn as_f32(self) -> Option<f32> {
        let power = EXACT.get(usize::try_from(self.exponent.unsigned_abs()).ok()?)?;
        let Digits { value: digits, lost: false } = self.digits else { return None };
        let near = if self.exponent < 0 { digits as f64 / power } else { digits as f64 * power };
        let is_clear = (near.to_bits() & BEYOND).abs_diff(HALFWAY) > DOUBT;
        let is_usual = near >= f64::from(f32::MIN_POSITIVE) && near < f64::from(f32::MAX);
        let value = if self.negative { -near as f32 } else { near as f32 };
        (digits == 0 || is_clear && is_usual).then_some(value)
    }
}

/// Returns the number of digits at the start of a text. If `VALUE` is set, appends them to `digits`.
#[inline(always)]
fn run<const VALUE: bool>(text: &[u8], digits: &mut Digits) -> usize {
    let (words, rest) = text.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // The lowest marked byte is the first that is not a digit. Marks above it may be wrong.
        let others = (word.wrapping_add(eight(0x46)) | word.wrapping_sub(eight(0x30))) & eight(0x80);
        let digits_of_word = word.wrapping_sub(eight(0x30));
        if others == 0 {
            if VALUE {
                digits.push(value_of(digits_of_word), 100_000_000);
            }
            length += 8;
            continue;
        }
        let count = others.trailing_zeros() / 8;
        if VALUE {
            // Shift twice: one shift by all 64 bits would overflow.
            let alone = (digits_of_word << (32 - 4 * count)) << (32 - 4 * count);
            digits.push(value_of(alone), POWERS.get(count as usize).copied().unwrap_or(1));
        }
        return length + count as usize;
    }
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if VALUE {
        rest.iter().take(count).for_each(|byte| digits.push(u64::from(byte - b'0'), 10));
    }
    length + count
}

/// Returns the value of eight digits, the first in the lowest byte. Combines pairs, then fours, then all eight.
fn value_of(digits: u64) -> u64 {
    let pairs = (digits.wrapping_mul(10 * 0x100 + 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 * 0x1_0000 + 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000 * 0x1_0000_0000 + 1) >> 32
}

/// Reads the exponent after the `e` of a number. Returns it and its length.
#[cold]
fn power(text: &[u8]) -> Option<(i32, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let mut digits = Digits::default();
    let count = run::<true>(text.get(sign..)?, &mut digits);
    let power = i32::try_from(digits.value).ok().filter(|_| !digits.lost).unwrap_or(i32::MAX);
    (count > 0).then(|| (if text.first() == Some(&b'-') { -power } else { power }, sign + count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    /// Asserts that our reader and serde_json agree on a text, whatever follows it.
    fn agrees(text: &str) -> Result<(), TestCaseError> {
        let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
            && text.ends_with(|c: char| c.is_ascii_digit())
            && serde_json::from_str::<&RawValue>(text).is_ok();
        for after in ["", ",", "]        ", ", 12345678901234567890", "x1111111", "\u{e9}"] {
            let all = format!("{text}{after}");
            let read = Decimal::read(all.as_bytes()).filter(|(_, length)| *length == text.len());
            prop_assert_eq!(read.is_some(), is_number, "{}", all);
            let measured = Decimal::length(all.as_bytes());
            prop_assert_eq!(
                measured.map(|(length, _)| length),
                Decimal::read(all.as_bytes()).map(|(_, length)| length)
            );
            if let (true, Some((_, false))) = (is_number, measured) {
                prop_assert!(text.parse::<f32>().unwrap().is_finite(), "{}", all);
            }
            if let Some(value) = read.and_then(|(number, _)| number.as_f32()) {
                prop_assert_eq!(value.to_bits(), text.parse::<f32>().unwrap().to_bits(), "{}", all);
            }
        }
        Ok(())
    }

    #[test]
    fn odd_numbers_are_judged_as_json_does() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "00",
            "01",
            "-01",
            "1.",
            ".5",
            "-",
            "+1",
            "1e5",
            "1E+5",
            "1e-5",
            "1e",
            "1e+",
            "1e999",
            "-1e999",
            "1e-999",
            "1e99999999999999999999",
            "0e99999999999999999999",
            "123456789012345678901234567890",
            "0.00000000000000000000000000001",
            "1.17549435e-38",
            "1.1754942e-38",
            "1e-45",
            "3.4028235e38",
            "3.4028236e38",
            "340282356779733661637539395458142568448",
            "16777217",
            "16777216.9999999999999",
            "16777217.0000000000001",
            "0x1",
            "1_0",
            "--1",
            "1.5.2",
            "1e5.5",
            "NaN",
            "inf",
            "1.00000005960464477539",
            "1.000000059604644775390625",
            "1.0000000596046448",
            "٣",
            "12345678",
            "123456789",
        ] {
            agrees(text).unwrap();
        }
    }

    #[test]
    fn usual_numbers_are_certain() {
        for text in ["0.5", "-0.012345678901234567", "2", "1e-5", "9.5367431640625e-07", "0.00030000000000000002"] {
            assert!(Decimal::read(text.as_bytes()).is_some_and(|(number, _)| number.as_f32().is_some()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn texts_like_numbers_agree(text in "-?[0-9.eE+-]{0,30}") {
            agrees(&text)?;
        }

        #[test]
        fn numbers_agree(text in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?") {
            agrees(&text)?;
        }

        #[test]
        fn floats_agree(double in any::<f64>(), single in any::<f32>(), near in 0.0001f32..1.0) {
            agrees(&serde_json::to_string(&double).unwrap())?;
            agrees(&serde_json::to_string(&single).unwrap())?;
            // Test the value halfway between two float32, and values close to it.
            let next = f32::from_bits(near.to_bits() + 1);
            let halfway = f64::midpoint(f64::from(near), f64::from(next));
            for beside in [halfway, halfway.next_up(), halfway.next_down()] {
                agrees(&beside.to_string())?;
                agrees(&format!("{beside:.60}"))?;
                agrees(&format!("{beside:.17}"))?;
            }
        }
    }
}
