//! An access log in the combined format.

use std::fmt::Write as _;

/// So many lines of one minute, in order.
pub fn combined(lines: u32) -> String {
    let mut text = String::new();
    for line in 0..lines {
        let (second, path) = (line * 60 / lines, line.wrapping_mul(2_654_435_761) % 5_000);
        let _ = writeln!(
            text,
            "192.0.2.{} - - [17/May/2015:10:05:{second:02} +0000] \"GET /articles/{path}/index.html HTTP/1.1\" 200 {} \
             \"https://www.example.org/articles/\" \"Mozilla/5.0 (X11; Linux x86_64; rv:24.0) Gecko/20140205 Firefox/24.0\"",
            line % 256,
            path * 7
        );
    }
    text
}
