//! Dates as HTTP and JSON write them, in seconds since 1970.
//!
//! It promises a number or nothing for any text. It does not know leap seconds, nor any clock.

/// Seconds of a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7). The two
/// obsolete forms are left out: nobody may send them.
pub(crate) fn of_http(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let mut words = text.split(' ').skip(1);
    let day = number(words.next()?, 1, 31)?;
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)?;
    let year = number(words.next()?, 1970, 9999)?;
    let time = clock(words.next()?)?;
    if words.next() != Some("GMT") || words.next().is_some() {
        return None;
    }
    Some(days(year, i64::try_from(month).ok()? + 1, day) * 86_400 + time)
}

/// Seconds of a date such as `2026-01-01T00:00:00Z` (RFC 3339), of fractions the whole part.
pub(crate) fn of_json(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.split('-');
    let year = number(parts.next()?, 1970, 9999)?;
    let month = number(parts.next()?, 1, 12)?;
    let day = number(parts.next()?, 1, 31)?;
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at(zone);
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let shift = match zone {
        "Z" | "z" => 0,
        zone => {
            let (hours, minutes) = zone[1..].split_once(':')?;
            let shift = number(hours, 0, 23)? * 3_600 + number(minutes, 0, 59)? * 60;
            if zone.starts_with('-') { -shift } else { shift }
        }
    };
    if parts.next().is_some() {
        return None;
    }
    Some(days(year, month, day) * 86_400 + clock(time)? - shift)
}

/// Days since 1970. Years are counted from March, so that the leap day is the last of a year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
}

fn clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?, 0, 23)?;
    let minute = number(parts.next()?, 0, 59)?;
    let second = number(parts.next()?, 0, 60)?;
    parts
        .next()
        .is_none()
        .then_some(hour * 3_600 + minute * 60 + second)
}

fn number(text: &str, least: i64, most: i64) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits)?;
    (least..=most).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_counted_as_calendars_do() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 12:00:00 GMT", Some(951_825_600)),
            ("Fri, 01 Mar 2024 00:00:00 GMT", Some(1_709_251_200)),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
            ("Sun, +6 Nov 1994 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(of_http(text), seconds, "{text}");
        }
    }

    #[test]
    fn dates_of_json_have_a_zone() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2024-02-29T23:59:59.999Z", Some(1_709_251_199)),
            ("2024-03-01T02:00:00+02:00", Some(1_709_251_200)),
            ("2024-02-29T22:30:00-01:30", Some(1_709_251_200)),
            ("2024-03-01T00:00:00", None),
            ("2024-03-01", None),
            ("2024-13-01T00:00:00Z", None),
            ("ä-ö-üT::Z", None),
            ("2024-03-01T00:00:00+ä", None),
        ] {
            assert_eq!(of_json(text), seconds, "{text}");
        }
    }
}
