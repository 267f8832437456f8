//! Writes a vector in the form that the client asks for: as the upstream wrote it, as base64, or cut to its first
//! numbers.

use crate::json::Vector;
use crate::wire::Failure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How vectors are written.
#[derive(Debug, Clone, Copy, Default)]
pub struct VectorForm {
    /// True for base64 of little-endian float32, which OpenAI's own clients ask for; false for a list.
    pub base64: bool,
    /// How many numbers of each vector are kept. The shortened vector is scaled to length 1 again.
    pub cut_to: Option<usize>,
}

impl VectorForm {
    /// Appends a vector. A list of all numbers is the upstream's own text. `place` names the vector in messages.
    ///
    /// # Errors
    /// 502 when it is not a list of numbers that float32 can hold; 400 when it has fewer numbers than wanted.
    pub fn push(self, out: &mut Vec<u8>, vector: &Vector<'_>, place: &VectorPlace<'_>) -> Result<(), Failure> {
        let written = match (self.cut_to.filter(|wanted| *wanted != vector.length), self.base64) {
            (None, false) => check(vector).map(|()| out.extend_from_slice(vector.text.as_bytes())),
            (None, true) => singles(vector).map(|bytes| push_base64(out, &bytes)),
            (Some(wanted), true) => shortened(vector, wanted).map(|numbers| push_base64(out, &as_bytes(&numbers))),
            (Some(wanted), false) => shortened(vector, wanted).and_then(|numbers| push_list(out, &numbers)),
        };
        written.map_err(|e| e.of(place))
    }
}

/// Which vector of which upstream, for messages.
#[derive(Debug, Clone, Copy)]
pub struct VectorPlace<'a> {
    /// The upstream's name.
    pub upstream: &'a str,
    /// The index of the vector's input in the request.
    pub input: usize,
}

/// Why a vector cannot be written.
enum Unwritable {
    /// It is not a list of numbers.
    NotNumbers,
    /// This number of it is beyond float32. Programs would read it as infinite.
    Beyond(String),
    /// It has only `length` numbers.
    TooShort { wanted: usize, length: usize },
}

impl Unwritable {
    /// Returns the failure for the vector at this place.
    fn of(self, place: &VectorPlace<'_>) -> Failure {
        let VectorPlace { upstream, input } = place;
        match self {
            Unwritable::NotNumbers => Failure::upstream(format!(
                "{upstream} answered a vector that is not a list of numbers (for input {input}, counted from 0)."
            )),
            Unwritable::Beyond(number) => Failure::upstream(format!(
                "{upstream} answered a vector with the number {number}, which is beyond float32 (for input {input}, counted from 0)."
            )),
            Unwritable::TooShort { wanted, length } => {
                let message = format!("'dimensions' is {wanted}, but the model's vectors have {length} numbers.");
                Failure::bad_field("dimensions", message)
            }
        }
    }
}

/// Refuses what is no list of numbers, and numbers that base64 and usual readers would make infinite.
fn check(vector: &Vector<'_>) -> Result<(), Unwritable> {
    if vector.surely_fits() { Ok(()) } else { singles(vector).map(drop) }
}

/// Returns the numbers of a vector as little-endian float32.
fn singles(vector: &Vector<'_>) -> Result<Vec<u8>, Unwritable> {
    let mut bytes = Vec::with_capacity(4 * vector.length);
    let mut beyond = None;
    let all = vector.each(|number, written| {
        let value = number.as_f32().or_else(|| written.parse().ok().filter(|number: &f32| number.is_finite()));
        match value {
            Some(value) => bytes.extend_from_slice(&value.to_le_bytes()),
            None => beyond = Some(written.chars().take(40).collect()),
        }
        value.is_some()
    });
    match beyond {
        _ if all => Ok(bytes),
        Some(number) => Err(Unwritable::Beyond(number)),
        None => Err(Unwritable::NotNumbers),
    }
}

fn as_bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Returns the first numbers of a vector, scaled to length 1 as OpenAI documents it for `dimensions`.
fn shortened(vector: &Vector<'_>, wanted: usize) -> Result<Vec<f32>, Unwritable> {
    check(vector)?;
    let mut kept: Vec<f64> = Vec::with_capacity(wanted);
    vector.each(|_, written| kept.len() < wanted && written.parse().map(|number| kept.push(number)).is_ok());
    if kept.len() < wanted {
        return Err(Unwritable::TooShort { wanted, length: kept.len() });
    }
    let norm = kept.iter().map(|number| number * number).sum::<f64>().sqrt();
    // A vector of zeros has no direction, so it stays unchanged.
    let norm = if norm == 0.0 { 1.0 } else { norm };
    #[expect(clippy::cast_possible_truncation, reason = "float32 is all the precision that a vector has")]
    Ok(kept.into_iter().map(|number| (number / norm) as f32).collect())
}

fn push_list(out: &mut Vec<u8>, numbers: &[f32]) -> Result<(), Unwritable> {
    serde_json::to_writer(out, numbers).map_err(|_| Unwritable::NotNumbers)
}

/// Appends bytes as a JSON string. Base64 has no characters that need an escape.
fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    let start = out.len();
    // Three bytes become four characters.
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let length = out.get_mut(start..).and_then(|place| STANDARD.encode_slice(bytes, place).ok());
    out.truncate(start + length.unwrap_or(0));
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pushed(vector: &str, form: VectorForm) -> Result<String, Failure> {
        let mut out = Vec::new();
        form.push(&mut out, &Vector::new(vector), &VectorPlace { upstream: "ARGO", input: 3 })?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn decoded(text: &str) -> Vec<f32> {
        let bytes = STANDARD.decode(serde_json::from_str::<String>(text).unwrap()).unwrap();
        bytes.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    }

    const BASE64: VectorForm = VectorForm { base64: true, cut_to: None };

    fn cut_to(wanted: usize) -> VectorForm {
        VectorForm { cut_to: Some(wanted), ..VectorForm::default() }
    }

    #[test]
    fn vectors_pass_as_they_were_written_or_as_float32() {
        let vector = "[0.50, -1e-3 ,2]";
        assert_eq!(pushed(vector, VectorForm::default()).unwrap(), vector);
        assert_eq!(decoded(&pushed(vector, BASE64).unwrap()), [0.5, -0.001, 2.0]);
        assert_eq!(pushed(vector, cut_to(3)).unwrap(), vector, "nothing to cut");
    }

    #[test]
    fn cut_vectors_have_length_1_in_both_forms() {
        assert_eq!(pushed("[3, 4.0,12]", cut_to(2)).unwrap(), "[0.6,0.8]");
        assert_eq!(pushed("[-1e-9,5]", cut_to(1)).unwrap(), "[-1.0]");
        assert_eq!(pushed("[0,0,1]", cut_to(2)).unwrap(), "[0.0,0.0]");
        let both = VectorForm { base64: true, cut_to: Some(2) };
        assert_eq!(decoded(&pushed("[3,4,12]", both).unwrap()), [0.6, 0.8]);
    }

    #[test]
    fn what_cannot_be_cut_or_is_no_number_is_an_error() {
        for (vector, form, status) in [
            ("[null]", BASE64, 502),
            ("[null]", VectorForm::default(), 502),
            ("[]", BASE64, 502),
            ("[]", VectorForm::default(), 502),
            ("[[1]]", BASE64, 502),
            ("[\"1\"]", BASE64, 502),
            ("[true]", BASE64, 502),
            ("[01]", BASE64, 502),
            ("[01]", VectorForm::default(), 502),
            ("[1,]", BASE64, 502),
            ("[1,]", VectorForm::default(), 502),
            ("[true,1]", cut_to(1), 502),
            ("[1,2]", cut_to(3), 400),
            ("[1,2]", VectorForm { base64: true, cut_to: Some(3) }, 400),
        ] {
            assert_eq!(pushed(vector, form).unwrap_err().status.as_u16(), status, "{vector} {form:?}");
        }
    }

    #[test]
    fn numbers_beyond_float32_are_refused_in_every_form() {
        let forms = [VectorForm::default(), BASE64, cut_to(1), VectorForm { base64: true, cut_to: Some(1) }];
        let long = format!("1{}", "0".repeat(39));
        for number in ["1e400", "-1e400", "1E39", "3.5e38", "-0.1e40", &long] {
            for form in forms {
                let failure = pushed(&format!("[0.5,{number}]"), form).unwrap_err();
                assert_eq!(failure.status.as_u16(), 502, "{number} {form:?}");
                let said = format!("the number {number}, which is beyond float32 (for input 3, counted from 0)");
                assert!(failure.message.contains(&said), "{}", failure.message);
            }
        }
        for number in ["3.4e38", "1e-400", "-1e2", "0e999", "1.5E+01"] {
            for form in forms {
                pushed(&format!("[0.5,{number}]"), form).unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn base64_holds_what_the_standard_library_reads(numbers in prop::collection::vec("-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,22})?(e(-[0-9]{1,3}|\\+?[12]?[0-9]))?", 1..40)) {
            let expected: Vec<u32> = numbers.iter().map(|one| one.parse::<f32>().unwrap().to_bits()).collect();
            for vector in [format!("[{}]", numbers.join(",")), format!("[ {} ]", numbers.join(" ,\n"))] {
                let found: Vec<u32> = decoded(&pushed(&vector, BASE64).unwrap()).into_iter().map(f32::to_bits).collect();
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
