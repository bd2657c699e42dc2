// Conv: https://onnx.ai/onnx/operators/onnx__Conv.html (opset 22).
#include "lib/reference/operators/Support.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// Where each spatial dimension starts and how far it steps.
struct Window {
  Shape kernel, strides, dilations, begin, result;
};

Window windowOf(const Shape &input, const Shape &weight,
                const Attributes &attributes) {
  size_t spatial = input.size() - 2;
  Window window;
  window.kernel = Shape(weight.begin() + 2, weight.end());
  window.strides = integers(attributes, "strides", Shape(spatial, 1));
  window.dilations = integers(attributes, "dilations", Shape(spatial, 1));
  Shape pads = integers(attributes, "pads", Shape(2 * spatial, 0));
  std::string automatic = text(attributes, "auto_pad", "NOTSET");
  if (window.strides.size() != spatial || window.dilations.size() != spatial ||
      pads.size() != 2 * spatial)
    throw Error("strides, dilations and pads do not fit " +
                std::to_string(spatial) + " spatial dimensions");
  for (size_t d = 0; d < spatial; ++d) {
    int64_t stride = window.strides[d], dim = input[d + 2];
    if (stride < 1 || window.dilations[d] < 1)
      throw Error("strides and dilations must be at least 1");
    int64_t reach = (window.kernel[d] - 1) * window.dilations[d] + 1;
    int64_t begin = pads[d], end = pads[d + spatial];
    if (automatic == "VALID") {
      begin = end = 0;
    } else if (automatic != "NOTSET") { // SAME_UPPER, SAME_LOWER
      int64_t total = std::max<int64_t>(
          0, ((dim + stride - 1) / stride - 1) * stride + reach - dim);
      begin = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
      end = total - begin;
    }
    window.begin.push_back(begin);
    int64_t room = dim + begin + end - reach;
    window.result.push_back(room < 0 ? 0 : room / stride + 1);
  }
  return window;
}

/// y[b, m, o] = bias[m] + sum over the group's channels c and kernel positions
/// k of w[m, c, k] x[b, c, o * stride + k * dilation - pad], zero outside of x.
template <class Real>
std::vector<T<Real>> conv(const InputsOf<Real> &inputs,
                          const Attributes &attributes) {
  const T<Real> &x = requiredReal(inputs, 0), &w = requiredReal(inputs, 1);
  const T<Real> *bias = optional(inputs, 2);
  int64_t groups = integer(attributes, "group", 1);
  if (x.rank() < 3 || w.rank() != x.rank() || groups < 1 ||
      w.shape[0] % groups != 0 || w.shape[1] * groups != x.shape[1])
    throw Error("weights of shape " + toText(w.shape) + " in " +
                std::to_string(groups) +
                " groups do not fit an input of shape " + toText(x.shape));
  if (bias)
    expectShape("the bias", bias->shape, {w.shape[0]});
  Window window = windowOf(x.shape, w.shape, attributes);
  Shape shape{x.shape[0], w.shape[0]};
  shape.insert(shape.end(), window.result.begin(), window.result.end());
  T<Real> result(x.dtype, shape);

  Shape spatial(x.shape.begin() + 2, x.shape.end()),
      strides = stridesOf(spatial), outStrides = stridesOf(window.result),
      kernelStrides = stridesOf(window.kernel);
  int64_t inner = elementCount(spatial), outer = elementCount(window.result),
          taps = elementCount(window.kernel), perGroup = w.shape[1],
          mPerGroup = w.shape[0] / groups;
  // The element of a channel that each tap of each result reads; -1: outside.
  std::vector<int64_t> sources(outer * taps, 0);
  for (int64_t i = 0; i < outer * taps; ++i)
    for (size_t d = 0; d < spatial.size() && sources[i] >= 0; ++d) {
      int64_t o = i / taps, k = i % taps,
              at = o / outStrides[d] % window.result[d] * window.strides[d] +
                   k / kernelStrides[d] % window.kernel[d] *
                       window.dilations[d] -
                   window.begin[d];
      bool inside = at >= 0 && at < spatial[d];
      sources[i] = inside ? sources[i] + at * strides[d] : -1;
    }
  for (int64_t row = 0; row < x.shape[0] * w.shape[0]; ++row) {
    int64_t m = row % w.shape[0], b = row / w.shape[0],
            firstChannel = b * x.shape[1] + m / mPerGroup * perGroup;
    const Real *kernel = &w.reals[m * perGroup * taps];
    for (int64_t o = 0; o < outer; ++o) {
      Real sum = bias ? bias->reals[m] : Real(0);
      for (int64_t k = 0; k < taps; ++k) {
        int64_t source = sources[o * taps + k];
        for (int64_t c = 0; c < perGroup && source >= 0; ++c)
          sum += kernel[c * taps + k] *
                 x.reals[(firstChannel + c) * inner + source];
      }
      result.reals[row * outer + o] = sum;
    }
  }
  return {rounded(std::move(result))};
}
} // namespace

template <class Real> void reference::addConvolution(TableOf<Real> &table) {
  table["Conv"] = conv<Real>;
}

template void reference::addConvolution(TableOf<double> &);
template void reference::addConvolution(TableOf<Exact> &);
