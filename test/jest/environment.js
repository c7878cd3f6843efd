'use strict';
/**
 * Jest's Node environment with a plain global object. The one that Jest makes hands each look-up of `Map` or `Math` to a
 * proxy, by which whatever computes takes twice as long.
 * https://nodejs.org/api/vm.html#vmconstantsdont_contextify
 */
const vm = require('node:vm');
const { TestEnvironment } = require('jest-environment-node');

module.exports = class extends TestEnvironment {
  constructor(...settings) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(...settings);
    } finally {
      vm.createContext = createContext;
    }
  }
};
