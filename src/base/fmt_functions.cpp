// fmt's own functions, compiled into our archive: Debian has them as a shared library only, and a program that links the
// engine shall need none. Header-only fmt in every unit instead would take more than three seconds a unit to compile.
// Nothing is printed by the user's locale, so that the C++ library's locales, half a megabyte, stay out of static programs.
#define FMT_STATIC_THOUSANDS_SEPARATOR ','
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;
}  // namespace detail
FMT_END_NAMESPACE
