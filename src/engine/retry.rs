//! When a request may be made again, and after which time.
//!
//! It promises waits that are bounded and spread, so that many sites do not come back at the same
//! moment. It does not know whether a request may be repeated at all; `send` does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ureq::http::HeaderMap;
use ureq::http::header::{DATE, RETRY_AFTER};

use crate::date;

/// The longest time that is waited because a provider asks for it. Somebody is waiting, and a
/// worker of PHP is held: what takes longer is the caller's to plan.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(20);

/// The longest first wait; each further one may be twice as long.
const FIRST: Duration = Duration::from_millis(500);

/// No wait of our own is longer than this.
const LONGEST: Duration = Duration::from_secs(8);

/// A random time before the next attempt ("full jitter"), at least what the provider asks for.
/// `None` when it asks for more than [`WAIT_MAX`].
pub(crate) fn wait(attempt: u32, retry_after: Option<u32>) -> Option<Duration> {
    let asked = Duration::from_secs(retry_after.unwrap_or(0).into());
    if asked > WAIT_MAX {
        return None;
    }
    let most = (FIRST * 2u32.saturating_pow(attempt.min(8))).min(LONGEST);
    // Without random numbers the longest wait will do.
    let share = getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX));
    Some(asked + most.mul_f64(share))
}

/// Seconds that the provider asks to wait (RFC 9110, section 10.2.3): a number, or a date, which is
/// compared with the answer's own `date`, since clocks differ.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(asked.parse().unwrap_or(u32::MAX));
    }
    let now = text(DATE).and_then(date::of_http).or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(now.as_secs()).ok()
    })?;
    let wait = date::of_http(asked)?.saturating_sub(now).max(0);
    Some(u32::try_from(wait).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    fn asked(retry_after: &'static str, date: Option<&'static str>) -> Option<u32> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(retry_after));
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_static(date));
        }
        super::retry_after(&headers)
    }

    #[test]
    fn a_number_is_seconds() {
        assert_eq!(asked("7", None), Some(7));
        assert_eq!(asked(" 0 ", None), Some(0));
        assert_eq!(asked("99999999999", None), Some(u32::MAX));
        for text in ["", "-1", "1.5", "soon", "+3"] {
            assert_eq!(asked(text, None), None, "{text}");
        }
    }

    #[test]
    fn a_date_is_compared_with_the_date_of_the_answer() {
        let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:00 GMT", date), Some(23));
        assert_eq!(asked("Mon, 07 Nov 1994 08:49:37 GMT", date), Some(86_400));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:00 GMT", date), Some(0));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT", None), Some(0));
        assert!(asked("Fri, 31 Dec 9999 23:59:59 GMT", None) > Some(1_000_000));
    }

    #[test]
    fn waits_are_bounded_and_spread() {
        let waits: Vec<_> = (0..64).filter_map(|_| wait(0, None)).collect();
        assert!(waits.iter().all(|wait| *wait <= FIRST));
        assert!(waits.iter().any(|wait| *wait != waits[0]));
        assert!((0..64).all(|_| wait(30, None).is_some_and(|wait| wait <= LONGEST)));
        assert!(wait(0, Some(7)) >= Some(Duration::from_secs(7)));
        assert_eq!(wait(0, Some(21)), None);
    }
}
