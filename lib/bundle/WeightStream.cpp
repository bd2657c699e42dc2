#include "lib/bundle/WeightStream.h"

#include "dialects/hybrid/Repack.h"

#include "mlir/IR/DialectResourceBlobManager.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;

namespace jarana::bundle {
namespace {

constexpr size_t pieceBytes = size_t(4) << 20;

/// An elements attribute's bytes, one byte at least per element.
std::vector<char> elementBytes(ElementsAttr value, StringRef weight) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      throw Error("weight '" + weight.str() + "' has no data");
    return {blob->getData().begin(), blob->getData().end()};
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    throw Error("weight '" + weight.str() +
                "' has a kind of value that cannot be stored");
  std::vector<char> bytes;
  if (dense.getElementType().getIntOrFloatBitWidth() < 8) {
    for (const APInt &element : dense.getValues<APInt>())
      bytes.push_back(static_cast<char>(element.getZExtValue()));
    return bytes;
  }
  ArrayRef<char> raw = dense.getRawData();
  int64_t repeats = dense.isSplat() ? dense.getNumElements() : 1;
  bytes.reserve(raw.size() * repeats);
  for (int64_t i = 0; i < repeats; ++i)
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  return bytes;
}

/// to[i][j] = from[j][i] for j < columns, i < k; rows of `to` are nr elements
/// apart. In blocks of i, so that the lines of `to` are still in the cache when
/// the next column comes.
template <class T>
void transposeElements(char *toBytes, const char *fromBytes, int64_t columns,
                       int64_t k, int64_t nr) {
  constexpr int64_t block = 256;
  for (int64_t start = 0; start < k; start += block)
    for (int64_t j = 0; j < columns; ++j)
      for (int64_t i = start; i < std::min(k, start + block); ++i)
        std::memcpy(toBytes + (i * nr + j) * sizeof(T),
                    fromBytes + (j * k + i) * sizeof(T), sizeof(T));
}

void transposeInto(char *to, const char *from, int64_t columns, int64_t k,
                   int64_t nr, int64_t size) {
  auto transpose = size == 1   ? transposeElements<uint8_t>
                   : size == 2 ? transposeElements<uint16_t>
                   : size == 4 ? transposeElements<uint32_t>
                               : transposeElements<uint64_t>;
  transpose(to, from, columns, k, nr);
}

} // namespace

/// A file of the model, mapped read-only.
class WeightStream::MappedFile {
public:
  explicit MappedFile(const std::string &path) : path(path) {
    // File ranges name files without links: one has been put there since.
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
      throw Error("cannot open '" + path + "': " + std::strerror(errno));
    struct stat status;
    if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size > 0) {
      size = status.st_size;
      mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    ::close(fd);
    if (mapping == MAP_FAILED)
      throw Error("cannot map '" + path + "'");
  }
  ~MappedFile() {
    if (mapping != MAP_FAILED)
      ::munmap(mapping, size);
  }
  const char *range(hybrid::FileRangeAttr range) const {
    uint64_t offset = range.getOffset(), bytes = range.getBytes();
    if (range.getOffset() < 0 || range.getBytes() < 0 || bytes > size ||
        offset > size - bytes)
      throw Error("'" + path + "' has " + std::to_string(size) +
                  " bytes; a weight needs bytes " + std::to_string(offset) +
                  " to " + std::to_string(offset + bytes) + " (truncated?)");
    return static_cast<const char *>(mapping) + offset;
  }
  /// Lets the system take back the pages of [begin, end): they stay in the
  /// file cache, but are not this process's.
  void forget(const char *begin, const char *end) const {
    uint64_t page = ::sysconf(_SC_PAGESIZE);
    auto first = reinterpret_cast<uintptr_t>(begin) / page * page;
    ::madvise(reinterpret_cast<void *>(first),
              reinterpret_cast<uintptr_t>(end) - first, MADV_DONTNEED);
  }

private:
  std::string path;
  void *mapping = MAP_FAILED;
  size_t size = 0;
};

WeightStream::WeightStream(ModuleOp module) : module(module), symbols(module) {
  if (auto attribute = module->getAttrOfType<StringAttr>("hybrid.model_dir"))
    folder = attribute.str();
}

WeightStream::~WeightStream() = default;

WeightStream::MappedFile &WeightStream::file(StringRef name) {
  std::string path = folder.empty() ? name.str() : folder + "/" + name.str();
  std::unique_ptr<MappedFile> &slot = files[path];
  if (!slot)
    slot = std::make_unique<MappedFile>(path);
  return *slot;
}

void WeightStream::write(hybrid::WeightOp weight, Sink sink) {
  if (auto range = dyn_cast<hybrid::FileRangeAttr>(weight.getValue()))
    return writeRange(weight, range, sink);
  if (auto repacked = dyn_cast<hybrid::RepackedAttr>(weight.getValue())) {
    hybrid::FileRangeAttr range = repacked.getRange();
    if (range.getBytes() == 0)
      return;
    MappedFile &source = file(range.getFile());
    const char *bytes = source.range(range);
    hybrid::repack(repacked.getStored(), repacked.getPacking(),
                   repacked.getBlock(), weight.getTensorType(), bytes, sink);
    return source.forget(bytes, bytes + range.getBytes());
  }
  if (auto derived = dyn_cast<hybrid::DerivedAttr>(weight.getValue()))
    return writePanels(weight, derived, sink);
  std::vector<char> bytes =
      elementBytes(cast<ElementsAttr>(weight.getValue()), weight.getSymName());
  sink(bytes.data(), bytes.size());
}

void WeightStream::writeRange(hybrid::WeightOp weight,
                              hybrid::FileRangeAttr range, Sink sink) {
  if (range.getBytes() == 0)
    return;
  MappedFile &source = file(range.getFile());
  const char *bytes = source.range(range);
  unsigned bits = weight.getTensorType().getElementTypeBitWidth();
  if (bits >= 8 || bits == 1) {
    for (int64_t at = 0; at < range.getBytes(); at += pieceBytes) {
      int64_t count = std::min<int64_t>(pieceBytes, range.getBytes() - at);
      sink(bytes + at, count);
      source.forget(bytes + at, bytes + at + count);
    }
  } else {
    // Packed in the file, low bits first.
    std::vector<char> piece;
    int64_t perByte = 8 / bits, count = weight.getTensorType().getNumElements();
    for (int64_t i = 0; i < count; ++i) {
      piece.push_back(static_cast<char>(
          static_cast<uint8_t>(bytes[i / perByte]) >> i % perByte * bits &
          ((1 << bits) - 1)));
      if (piece.size() == pieceBytes || i + 1 == count) {
        sink(piece.data(), piece.size());
        piece.clear();
      }
    }
  }
  source.forget(bytes, bytes + range.getBytes());
}

// Several panels at a time: their columns fill whole pages of a row-major
// source, so that each page is touched about once.
void WeightStream::writePanels(hybrid::WeightOp weight,
                               hybrid::DerivedAttr derived, Sink sink) {
  auto source =
      symbols.lookup<hybrid::WeightOp>(derived.getSource().getValue());
  if (!source || source.getTensorType().getRank() != 2)
    throw Error("weight '" + weight.getSymName().str() + "' is made from '" +
                derived.getSource().getValue().str() +
                "', which is not a matrix");
  std::vector<char> held;
  const char *bytes = nullptr;
  MappedFile *mapped = nullptr;
  auto range = dyn_cast<hybrid::FileRangeAttr>(source.getValue());
  if (range && range.getBytes() > 0) {
    mapped = &file(range.getFile());
    bytes = mapped->range(range);
  } else if (auto elements = dyn_cast<ElementsAttr>(source.getValue())) {
    held = elementBytes(elements, source.getSymName());
    bytes = held.data();
  } else if (isa<hybrid::RepackedAttr>(source.getValue())) {
    write(source, [&](const char *piece, size_t count) {
      held.insert(held.end(), piece, piece + count);
    });
    bytes = held.data();
  } else if (!range) {
    throw Error("weight '" + weight.getSymName().str() +
                "' is made from a weight that is itself derived");
  }
  bool transposed = derived.getPacking() == hybrid::Packing::PanelsTransposed;
  int64_t k = source.getTensorType().getDimSize(0),
          n = source.getTensorType().getDimSize(1), nr = derived.getNr();
  if (transposed)
    std::swap(k, n);
  int64_t size = storedBytes(source.getTensorType().getElementType());
  if (source.getTensorType().getElementTypeBitWidth() < 8)
    throw Error("weight '" + weight.getSymName().str() +
                "': panels of elements below 8 bits cannot be made");
  int64_t panels = (n + nr - 1) / nr;
  int64_t together = std::max<int64_t>(
      1, transposed ? int64_t(pieceBytes) / std::max<int64_t>(1, k * nr * size)
                    : 4096 / (nr * size));
  // Rows of the source in the order they are read; what lies far behind is
  // given back.
  const char *kept = bytes;
  auto row = [&](int64_t index, int64_t length) {
    const char *at = bytes + index * length * size;
    if (mapped && (at < kept || at - kept > int64_t(16 * pieceBytes))) {
      mapped->forget(kept, at < kept ? bytes + range.getBytes() : at);
      kept = at;
    }
    return at;
  };
  std::vector<char> out;
  for (int64_t first = 0; first < panels; first += together) {
    int64_t count = std::min(together, panels - first);
    out.assign(count * k * nr * size, 0);
    for (int64_t q = 0; transposed && q < count; ++q) {
      int64_t columns = std::min(nr, n - (first + q) * nr);
      const char *from = row((first + q) * nr, k);
      transposeInto(out.data() + q * k * nr * size, from, columns, k, nr, size);
    }
    for (int64_t i = 0; !transposed && i < k; ++i) {
      const char *from = row(i, n);
      for (int64_t q = 0; q < count; ++q)
        std::memcpy(out.data() + (q * k + i) * nr * size,
                    from + (first + q) * nr * size,
                    std::min(nr, n - (first + q) * nr) * size);
    }
    sink(out.data(), out.size());
  }
  if (mapped)
    mapped->forget(bytes, bytes + range.getBytes());
}

unsigned storedBytes(Type elementType) {
  if (!elementType.isIntOrFloat())
    return 0;
  unsigned bits = elementType.getIntOrFloatBitWidth();
  return bits <= 8 ? 1 : bits == 16 || bits == 32 || bits == 64 ? bits / 8 : 0;
}

} // namespace jarana::bundle
