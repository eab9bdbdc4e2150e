# The installed package: the command, the cells, the documents, and for C++ the headers, the library
# and what find_package(Carousel) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(CAROUSEL_INSTALL_HEADERS ${CMAKE_INSTALL_INCLUDEDIR}/carousel)
set(CAROUSEL_INSTALL_CMAKE ${CMAKE_INSTALL_LIBDIR}/cmake/Carousel)
set(CAROUSEL_INSTALL_SHARE ${CMAKE_INSTALL_DATADIR}/carousel)

# Called once all targets are there.
function(carousel_install)
  set_target_properties(carousel_framework PROPERTIES EXPORT_NAME framework)
  set_target_properties(carousel_messages PROPERTIES EXPORT_NAME messages)
  set_target_properties(carousel PROPERTIES EXPORT_NAME command)
  set_target_properties(carousel_cells PROPERTIES EXPORT_NAME carousel)
  set_target_properties(carousel_plugin PROPERTIES EXPORT_NAME plugin)
  set_target_properties(carousel_sanitizers PROPERTIES EXPORT_NAME sanitizers)
  install(TARGETS carousel carousel_cells carousel_framework carousel_messages carousel_plugin carousel_sanitizers
    EXPORT CarouselTargets
    FILE_SET HEADERS DESTINATION ${CAROUSEL_INSTALL_HEADERS}
    FILE_SET headers_alone DESTINATION ${CAROUSEL_INSTALL_HEADERS})
  install(FILES cells/carousel.hpp DESTINATION ${CAROUSEL_INSTALL_HEADERS})
  install(FILES cells/catalogue.hpp DESTINATION ${CAROUSEL_INSTALL_HEADERS}/cells)
  install(EXPORT CarouselTargets NAMESPACE Carousel:: DESTINATION ${CAROUSEL_INSTALL_CMAKE})

  configure_package_config_file(cmake/CarouselConfig.cmake.in
    ${PROJECT_BINARY_DIR}/CarouselConfig.cmake INSTALL_DESTINATION ${CAROUSEL_INSTALL_CMAKE})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/CarouselConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/CarouselConfig.cmake
    ${PROJECT_BINARY_DIR}/CarouselConfigVersion.cmake DESTINATION ${CAROUSEL_INSTALL_CMAKE})

  install(DIRECTORY cells/ DESTINATION ${CAROUSEL_INSTALL_SHARE}/cells FILES_MATCHING
    PATTERN "*.cell" PATTERN "plugin" EXCLUDE)
  install(DIRECTORY cells/plugin DESTINATION ${CAROUSEL_INSTALL_SHARE})
  install(FILES README.md TYPE DOC)
  install(DIRECTORY docs TYPE DOC)
endfunction()
