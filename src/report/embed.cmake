# Writes OUT, a C++ file that holds the FILES as string literals, so that the library needs no file at run time.
# Usage: cmake -DOUT=assets.cpp -DFILES=a.html|b.css -P embed.cmake. Constant report.html becomes report_html.
string(REPLACE "|" ";" FILES "${FILES}")
set(text "#include \"report/assets.hpp\"\n\nnamespace tern::report::assets {\n")
foreach(path IN LISTS FILES)
  get_filename_component(name "${path}" NAME)
  string(MAKE_C_IDENTIFIER "${name}" name)
  file(READ "${path}" content)
  string(APPEND text "const std::string_view ${name} = R\"tern_asset(${content})tern_asset\";\n")
endforeach()
string(APPEND text "}  // namespace tern::report::assets\n")
file(WRITE "${OUT}" "${text}")
