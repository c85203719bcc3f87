//! Files as they lie on disk, unpacked: plain, gzip (of any number of members), zstd (of any number of frames) or ZIP (of
//! any number of files), told by their first bytes. Streams in constant memory.

mod zip;

use std::io::{self, BufRead, BufReader, Cursor, Read};

use ruzstd::decoding::StreamingDecoder;

/// The content of `packed`.
///
/// # Errors
/// When the first bytes cannot be read, or do not begin what they announce.
pub fn unpacked<'a>(mut packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut head = Vec::with_capacity(4);
    packed.by_ref().take(4).read_to_end(&mut head)?;
    let (gzip, zstd) = (head.starts_with(&[0x1f, 0x8b]), head == [0x28, 0xb5, 0x2f, 0xfd]);
    let zip = head == zip::BEGIN;
    let whole = Cursor::new(head).chain(packed);
    Ok(match (gzip, zstd) {
        _ if zip => Box::new(zip::Archive::new(whole)),
        (true, _) => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        (_, true) => Box::new(Frames { frame: Some(frame(BufReader::new(whole))?) }),
        _ => Box::new(whole),
    })
}

type Frame<R> = StreamingDecoder<BufReader<R>, ruzstd::decoding::FrameDecoder>;

/// The frames of a zstd file, one after the other.
struct Frames<R: Read> {
    frame: Option<Frame<R>>,
}

fn frame<R: Read>(packed: BufReader<R>) -> io::Result<Frame<R>> {
    StreamingDecoder::new(packed).map_err(|error| io::Error::other(error.to_string()))
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = &mut self.frame {
            let read = frame.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(frame) = self.frame.take() else { break };
            let mut rest = frame.into_inner();
            if !rest.fill_buf()?.is_empty() {
                self.frame = Some(self::frame(rest)?);
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn content(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        unpacked(packed)?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text).expect("into memory");
        packed.finish().expect("into memory")
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn every_packing_gives_the_same_content() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        assert_eq!(content(&text).expect("plain"), text);
        assert_eq!(content(&gzip(&text)).expect("gzip"), text);
        assert_eq!(content(&zstd(&text)).expect("zstd"), text);
        for short in [&b""[..], b"a", b"\x1f"] {
            assert_eq!(content(short).expect("plain"), short);
        }
    }

    #[test]
    fn members_and_frames_follow_each_other() {
        assert_eq!(content(&[gzip(b"ab"), gzip(b"cd")].concat()).expect("gzip"), b"abcd");
        assert_eq!(content(&[zstd(b"ab"), zstd(b""), zstd(b"cd")].concat()).expect("zstd"), b"abcd");
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let text = b"not much, but enough for a checksum".repeat(50);
        for packed in [gzip(&text), zstd(&text)] {
            assert!(content(&packed[..packed.len() / 2]).is_err());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_damage_makes_it_panic(
            at in 0_usize..200,
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..20),
            cut in 0_usize..400,
        ) {
            let text = b"lines that repeat, and some that do not: 1 2 3 5 8 13 21 34 55\n".repeat(20);
            for mut packed in [gzip(&text), zstd(&text)] {
                let at = at % packed.len();
                let until = (at + bytes.len()).min(packed.len());
                packed[at..until].copy_from_slice(&bytes[..until - at]);
                let _ = content(&packed);
                packed.truncate(cut);
                let _ = content(&packed);
            }
        }
    }
}
